"""Messages on their way to people, and answers on their way back, for the local engine.

Nothing is decided here. A message is delivered after it is in the log, and how that went is
reported as a fact. Answers lie in the run's mailbox until they are in the log; the mailbox is
looked into while a question is open, and once when a process takes the run up or leaves it.
"""

import asyncio
from collections.abc import Callable, Sequence

from agentflow.channels import CHANNELS
from agentflow.channels.protocol import DeliveryError, Host, Message
from agentflow.core.events import (
    AskPerson,
    Delivered,
    Fact,
    NotDelivered,
    Notify,
    PersonAnswered,
)
from agentflow.core.state import State
from agentflow.engines.clock import WallClock
from agentflow.engines.letters import read_letter
from agentflow.engines.office import Office
from agentflow.engines.parcels import parcel_of
from agentflow.errors import StoreError

#: Seconds between two looks into the mailbox.
_BEAT = 0.25
#: Seconds that one delivery may take.
_PATIENCE = 30.0


class Correspondence:
    """The messages and answers of one run while a process works on it.

    `report` takes facts, `fail` what went wrong in a task or timer of its own.
    """

    def __init__(
        self,
        state: State,
        office: Office,
        clock: WallClock,
        report: Callable[[Fact], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._state = state
        self._office = office
        self._clock = clock
        self._report = report
        self._fail = fail
        self._host = Host(office.mailbox.post)
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
        )

    def take_up(self) -> list[Fact]:
        """What came while no process was at work; what was not delivered goes out (again)."""
        for message in self._state.people.undelivered.values():
            self.send(message)
        return self.letters()

    def send(self, message: AskPerson | Notify) -> None:
        """Deliver a message that is in the log."""
        parcel = parcel_of(self._state, message)
        if parcel.answers:
            self._posted.add(parcel.id)
        task = asyncio.get_running_loop().create_task(self._deliver(parcel, message.channel))
        self._sending[parcel.id] = task

    def tend(self, facts: Sequence[Fact]) -> None:
        """After a turn: `facts` are in the log, and some questions may be open no longer."""
        mailbox = self._office.mailbox
        for fact in facts:
            if isinstance(fact, PersonAnswered):
                mailbox.remove(fact.ticket)
        for question in self._posted & self._state.people.closed.keys():
            self._posted.discard(question)
            mailbox.withdraw(question)
        if self._state.people.open and self._beat is None:
            self._beat = asyncio.get_running_loop().call_later(_BEAT, self._look)

    def letters(self) -> list[Fact]:
        """The answers that lie in the mailbox."""
        now = self._clock.now()
        run_id = self._state.run_id
        return [read_letter(letter, run_id, now) for letter in self._office.mailbox.letters()]

    async def close(self) -> None:
        """Look into the mailbox no longer; deliveries may end, unless the run was cut short."""
        if self._beat is not None:
            self._beat.cancel()
        tasks = list(self._sending.values())
        if self._state.status in ("running", "interrupted", "cancelled"):
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _look(self) -> None:
        self._beat = None
        try:
            letters = self.letters()
        except StoreError as error:
            self._fail(error)
            return
        for fact in letters:
            self._report(fact)
        if self._state.people.open:
            self._beat = asyncio.get_running_loop().call_later(_BEAT, self._look)

    async def _deliver(self, parcel: Message, channel: str) -> None:
        """Bring one message to where it belongs, and report how that went."""
        problem = detail = ""
        try:
            async with asyncio.timeout(_PATIENCE):
                detail = await CHANNELS[channel].deliver(parcel, self._host)
        except TimeoutError:
            problem = f"not delivered within {_PATIENCE:g} s"
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
        else:
            self._report(Delivered(now, parcel.step, parcel.id, detail))
