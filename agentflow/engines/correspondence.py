"""Messages on their way to people, and answers on their way back, for the local engine.

Nothing is decided here. A message is delivered after it is in the log, and how that went is
reported as a fact. Answers lie in the run's mailbox until they are in the log; the mailbox is
looked into while a question is open, and once when a process takes the run up or leaves it.
"""

import asyncio
from collections.abc import Callable, Sequence

from agentflow.channels import CHANNELS
from agentflow.channels.protocol import Answering, DeliveryError, Host, Message
from agentflow.core.events import (
    AskPerson,
    Decision,
    Delivered,
    Fact,
    NotDelivered,
    Notify,
    PersonAnswered,
    RefuseAnswer,
)
from agentflow.core.state import State
from agentflow.engines.clock import WallClock
from agentflow.engines.letters import read_letter, write_letter
from agentflow.engines.office import Office
from agentflow.engines.parcels import parcel_of
from agentflow.errors import StoreError
from agentflow.plan.calls import step_at
from agentflow.plan.channels import channel_of
from agentflow.spec.model import Channel, ConsoleChannel

#: Seconds between two looks into the mailbox.
_BEAT = 0.25


class Correspondence:
    """The messages and answers of one run while a process works on it.

    `report` takes facts, `fail` what went wrong in a task or timer of its own; `idle` is called
    when nothing but an answer can make the run go on and nobody here waits for one any more.
    """

    def __init__(
        self,
        state: State,
        office: Office,
        clock: WallClock,
        report: Callable[[Fact], None],
        fail: Callable[[Exception], None],
        idle: Callable[[], None],
    ) -> None:
        self._state = state
        self._office = office
        self._clock = clock
        self._report = report
        self._fail = fail
        self._idle = idle
        self._terminal = office.terminal
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._posted = set(office.mailbox.posted())
        self._beat: asyncio.TimerHandle | None = None

    @property
    def parked(self) -> bool:
        """Can nothing but an answer make the run go on, and does nobody here wait for one?"""
        waiting = self._state.waiting.values()
        return (
            bool(waiting)
            and all(instance.question is not None for instance in waiting)
            and not self._sending
            and not self._office.waits
            and not (self._terminal is not None and self._terminal.busy)
        )

    def take_up(self) -> list[Fact]:
        """What came while no process was at work; what was not delivered goes out (again).

        What was asked at the terminal of another process is asked again at the one of this.
        """
        people = self._state.people
        for message in people.undelivered.values():
            self.send(message)
        for instance in people.open.values():
            question = instance.question
            assert question is not None
            if question.question in people.undelivered or self._terminal is None:
                continue
            if isinstance(self._channel(question)[0], ConsoleChannel):
                parcel = parcel_of(self._state, question)
                self._posted.add(parcel.id)
                self._terminal.ask(parcel, self._answering(parcel))
        return self.letters()

    def send(self, message: AskPerson | Notify) -> None:
        """Deliver a message that is in the log."""
        parcel = parcel_of(self._state, message)
        if parcel.answers:
            self._posted.add(parcel.id)
        delivery = self._deliver(parcel, *self._channel(message))
        task = asyncio.get_running_loop().create_task(delivery)
        self._sending[parcel.id] = task

    def tend(self, facts: Sequence[Fact], decisions: Sequence[Decision]) -> None:
        """After a turn: it is in the log, and some questions may be open no longer."""
        mailbox, closed = self._office.mailbox, self._state.people.closed
        for fact in facts:
            if isinstance(fact, PersonAnswered):
                mailbox.remove(fact.ticket)
        for question in self._posted & closed.keys():
            self._posted.discard(question)
            mailbox.withdraw(question)
            if self._terminal is not None:
                self._terminal.withdraw(question, closed[question])
        for decision in decisions:
            if isinstance(decision, RefuseAnswer) and self._terminal is not None:
                self._terminal.refuse(decision.ticket, decision.reason.text)
        if self._state.people.open and self._beat is None:
            self._beat = asyncio.get_running_loop().call_later(_BEAT, self._look)

    def letters(self) -> list[Fact]:
        """The answers that lie in the mailbox."""
        now = self._clock.now()
        run_id = self._state.run_id
        return [read_letter(letter, run_id, now) for letter in self._office.mailbox.letters()]

    async def close(self, *, at_once: bool) -> None:
        """Look into the mailbox no longer; deliveries may end, unless it has to be `at_once`."""
        if self._terminal is not None:
            self._terminal.close()
        if self._beat is not None:
            self._beat.cancel()
        tasks = list(self._sending.values())
        if at_once:
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _look(self) -> None:
        self._beat = None
        self._collect()
        if self._state.people.open:
            self._beat = asyncio.get_running_loop().call_later(_BEAT, self._look)
        if self.parked:
            self._idle()

    def _collect(self) -> None:
        """Report the answers that lie in the mailbox."""
        try:
            letters = self.letters()
        except StoreError as error:
            self._fail(error)
            return
        for fact in letters:
            self._report(fact)

    def _channel(self, message: AskPerson | Notify) -> tuple[Channel, Host]:
        """The channel that a message names, which the linter sees to, and what it is given."""
        plan, _ = step_at(self._state.plan, message.step)
        channel, office = channel_of(plan.pipeline, message.channel), self._office
        assert channel is not None
        folder = (office.folder / plan.file).parent.resolve()
        return channel, Host(office.mailbox.post, self._answering, folder, office.terminal)

    def _answering(self, parcel: Message) -> Answering:
        """The way into the mailbox for what is said to a message."""
        return lambda said: self._office.mailbox.drop(write_letter(parcel.document, said))

    async def _deliver(self, parcel: Message, options: Channel, host: Host) -> None:
        """Bring one message to where it belongs, and report how that went."""
        problem = detail = ""
        try:
            detail = await CHANNELS[options.kind].deliver(options, parcel, host)
        except DeliveryError as error:
            problem = str(error)
        except Exception as bug:  # noqa: BLE001 - it is raised by the engine
            self._fail(bug)
            return
        # Not under way any more when the fact is looked at.
        del self._sending[parcel.id]
        now = self._clock.now()
        if problem:
            self._report(NotDelivered(now, parcel.step, parcel.id, problem))
            return
        self._report(Delivered(now, parcel.step, parcel.id, detail))
        self._collect()  # it may have been answered at once, and then nobody is waited for
