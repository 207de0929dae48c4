"""The local engine: attempts as asyncio tasks of one process, timers by its loop.

It performs decisions and reports facts, and decides nothing. Facts that come in together are
settled and stored together. Whatever an agent does, its attempt ends at its deadline: the task is
cancelled, which makes the agent kill what it started, and a task that does not even end then is
left behind after `GRACE` seconds.

If the loop stood still when a time came (a function or a library had the process for itself), what
has come in meanwhile is taken first: an outcome that was there counts, whatever the clock says now.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from signal import Signals as Signal
from typing import Any, TypeAlias

from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Stage, WarmingUp
from agentflow.core import events
from agentflow.core.events import AttemptFailed, AttemptSucceeded, Decision, Fact
from agentflow.engines.alarms import Alarm
from agentflow.engines.attempts import call_of_attempt
from agentflow.engines.cancelling import Cancellation
from agentflow.engines.clock import WallClock
from agentflow.engines.correspondence import Correspondence
from agentflow.engines.driver import Driver, taken_up
from agentflow.engines.flights import (
    Flight,
    ended_late,
    failed,
    succeeded,
    time_to_prepare,
    timed_out,
)
from agentflow.engines.office import Office
from agentflow.engines.signals import Signals
from agentflow.engines.timers import Timer, timer_of, timers_of
from agentflow.engines.turnstile import Turn, Turnstile, has_minute, is_shared, tokens_used
from agentflow.errors import Interrupted, RecordingMiss, StoreError
from agentflow.plan.steps import ChatPlan
from agentflow.spec.model import Agent

#: Seconds an agent has to clean up after its deadline before its task is abandoned.
GRACE = 5.0
#: The connections of a run, by the file of a pipeline and the kind of its agents.
Connections: TypeAlias = Mapping[tuple[str, str], Connection]

#: Looks at what the agents of a run are connected to, and gives the first fact.
Prepare: TypeAlias = Callable[[Connections, Fact], Coroutine[Any, Any, Fact]]


async def _as_it_is(_connections: Connections, first: Fact) -> Fact:
    return first


def run_local(
    driver: Driver,
    first: Fact,
    connect: Callable[[], Connections],
    clock: WallClock,
    office: Office,
    prepare: Prepare = _as_it_is,
    turnstile: Turnstile | None = None,
) -> None:
    """Drive a run until it has ended, was interrupted, or waits for people only.

    `first` is `RunStarted`, or `RunResumed` on a state folded from a log. `connect` opens what the
    agents need; it is closed at the end. `prepare` may add to the first fact what is found out
    there before anything is called. The `turnstile` lets calls through whose limits are shared with
    other runs; without it there are none.

    Raises:
        StoreError: the log cannot be written; nothing further was started.
        CouldNot: what `prepare` raises; nothing was started or written.
        Interrupted: a signal came meanwhile; the same.
        RecordingMiss: what is played back has no answer to a request, as the log says.
    """

    async def drive() -> None:
        engine = _LocalEngine(driver, connect(), clock, office, turnstile)
        try:
            await engine.drive(await engine.prepared(prepare(engine.connections, first)))
        finally:
            await engine.stop()
        if engine.miss is not None:
            raise engine.miss

    # Not `asyncio.run`: that waits at the end for every task, and so for ever for an agent that
    # swallows its cancellation. Here such a task is left behind after `GRACE` seconds.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(drive())
    finally:
        if tasks := asyncio.all_tasks(loop):
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.wait(tasks, timeout=GRACE))
        loop.run_until_complete(loop.shutdown_asyncgens())
        # It would only complain about what was left behind.
        loop.set_exception_handler(lambda _loop, _context: None)
        loop.close()


class _LocalEngine:
    """What is in flight, the timers, and the facts that wait for the next turn."""

    def __init__(
        self,
        driver: Driver,
        connections: Connections,
        clock: WallClock,
        office: Office,
        turnstile: Turnstile | None,
    ) -> None:
        self.driver = driver
        self.turnstile = turnstile
        self.state = driver.state
        self.connections = connections
        # Not asked at every attempt: to look whether something keeps a protocol takes its time.
        self.warming = {at: one for at, one in connections.items() if isinstance(one, WarmingUp)}
        self.clock = clock
        self.loop = asyncio.get_running_loop()
        self.flights: dict[str, Flight] = {}
        self.stopping: set[asyncio.Task[None]] = set()
        self.facts: list[Fact] = []
        self.people = Correspondence(
            self.state, office, clock, self._report, self._fail, self._turn
        )
        self.cancellation = Cancellation(office.mailbox, clock, self._report, self._fail)
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self.driving = False
        self.miss: RecordingMiss | None = None
        self.signals = Signals(self._on_signal)

    async def prepared(self, preparing: Coroutine[Any, Any, Fact]) -> Fact:
        """The first fact, once it is found out. Raises `Interrupted` if a signal comes first."""
        task = self.loop.create_task(preparing)
        both: list[asyncio.Future[Any]] = [task, self.ended]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            task.cancel()
            await asyncio.wait([task], timeout=GRACE)
            self.ended.result()
        return task.result()

    async def drive(self, first: Fact) -> None:
        self.driving = True
        request = self.cancellation.requested()
        if request is None:
            begin = taken_up(self.state, first, self.clock.now())
            self.facts = [*begin, *self.people.take_up()]
        else:
            self.facts = [first, request]
        self._turn()
        for timer in timers_of(self.state):
            self._set(timer)
        self.cancellation.watch()
        await self.ended

    async def stop(self) -> None:
        """Cancel what is in flight and give everything back."""
        tasks = [flight.task for flight in self.flights.values() if flight.task is not None]
        for task in tasks:
            task.cancel()
        # What was called off before is not cancelled again, which would disturb its cleaning up.
        if ending := {*tasks, *self.stopping}:
            await asyncio.wait(ending, timeout=GRACE)
        for connection in self.connections.values():
            await connection.close()
        self.signals.close()
        self.cancellation.close()
        # What is cut short goes out when the run is taken up, or with the next `tick`.
        cut_short = self.state.status in ("running", "interrupted", "cancelled")
        await self.people.close(at_once=cut_short)
        if self.ended.done() and self.ended.exception() is None:
            # An answer that came while the run was being stopped is an outcome all the same.
            self._settle([*self.facts, *self.people.letters()])

    # --- facts -----------------------------------------------------------------------------

    def _report(self, fact: Fact) -> None:
        if not self.facts:
            self.loop.call_soon(self._turn)
        self.facts.append(fact)

    def _turn(self) -> None:
        """Settle and store what has come in, and perform what follows."""
        if self.ended.done():
            return
        facts, self.facts = self.facts, []
        # What came in meanwhile may make the run go on after all.
        facts = [fact for fact in facts if not isinstance(fact, events.RunParked)] or facts
        try:
            self._perform(self._settle(facts))
        except Exception as error:  # noqa: BLE001 - it is raised by `drive`
            self._fail(error)
            return
        if self.state.status != "running":
            self.ended.set_result(None)
        elif self.people.parked and not self.flights:
            self._report(events.RunParked(self.clock.now()))

    def _fail(self, error: Exception) -> None:
        """Raise from `drive`."""
        if isinstance(error, StoreError) and not error.lost:
            error.lost = self.driver.calls.lost()
        if not self.ended.done():
            self.ended.set_exception(error)

    def _settle(self, facts: list[Fact]) -> list[Decision]:
        """Settle and store facts; what people have to do with them is tidied up."""
        decisions = self.driver.take(facts)
        self.people.tend(facts, decisions)
        if any(isinstance(fact, events.CancelRequested) for fact in facts):
            self.cancellation.done()
        return decisions

    def _on_signal(self, number: Signal) -> None:
        self.loop.call_soon_threadsafe(self._interrupt, number)

    def _interrupt(self, number: Signal) -> None:
        if self.driving:
            self._report(events.RunInterrupted(self.clock.now(), number.name))
        else:
            self._fail(Interrupted(number.name, number))

    # --- decisions -------------------------------------------------------------------------

    def _perform(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            if (timer := timer_of(decision, self.state.now)) is not None:
                self._set(timer)
            if isinstance(decision, events.StartAttempt):
                self._start(decision)
            elif isinstance(decision, events.AskPerson | events.Notify):
                self.people.send(decision)
            elif isinstance(decision, events.CancelAttempt) and decision.step in self.flights:
                # Of a run that is cancelled as it is taken up, nothing is in flight any more.
                self._call_off(self.flights[decision.step])

    def _set(self, timer: Timer) -> None:
        """Report a timer when it is due, and at once if it is overdue; that is its time."""

        def fire() -> None:
            self._report(replace(timer, at=self.clock.now()))

        delay = timer.at - self.clock.now()
        if delay > 0:
            Alarm(self.loop, self.loop.time() + delay, fire)
        else:
            fire()

    def _start(self, decision: events.StartAttempt) -> None:
        pipeline, plan, call = call_of_attempt(self.state, decision)
        begun = self.state.running[decision.step].begun
        flight = self.flights[decision.step] = Flight(call, plan.chat, begun.tokens if begun else 0)
        chat = plan.chat if self.turnstile is not None and is_shared(plan.chat) else None
        flight.task = self.loop.create_task(self._fly(flight, pipeline.file, plan.options, chat))

    def _begin_time(self, flight: Flight) -> None:
        call = flight.call
        if flight.deadline is not None:
            flight.deadline.cancel()
        seconds = time_to_prepare(call) if flight.stage == "preparing" else call.timeout
        when = self.loop.time() + seconds
        flight.deadline = Alarm(self.loop, when, partial(self._expire, flight))

    def _reach(self, flight: Flight, stage: Stage) -> None:
        """Note, from any thread, how far an attempt is. Its time begins as its request leaves."""
        if stage == "answering":
            flight.stage = "answering"
        elif flight.stage == "preparing":
            flight.stage = "under way"
            self.loop.call_soon_threadsafe(self._leave, flight)

    def _leave(self, flight: Flight) -> None:
        if flight.over or flight.expired:
            return
        self._begin_time(flight)
        if has_minute(flight.chat):
            call = flight.call
            self._report(events.AttemptAdmitted(self.clock.now(), call.step, call.attempt))
            if flight.turn is not None:
                flight.turn.begin()

    async def _warm(self, flight: Flight, warming: WarmingUp) -> None:
        """Wait until calls can be made over a connection."""
        if warming.is_ready:
            return
        step, attempt = flight.call.step, flight.call.attempt
        why = f"waiting for {warming.library}, which is being imported"
        self._report(events.AttemptWaits(self.clock.now(), step, attempt, why))
        await warming.ready()
        await self._admit(flight)

    async def _admit(self, flight: Flight) -> None:
        """An attempt is held up no more: that is in the log before anything of it leaves."""
        self._report(
            events.AttemptAdmitted(self.clock.now(), flight.call.step, flight.call.attempt)
        )
        await asyncio.sleep(0)

    async def _admitted(self, flight: Flight, chat: ChatPlan) -> Turn:
        """Wait until other runs leave room for an attempt."""
        assert self.turnstile is not None
        assert chat.limits is not None
        step, attempt, waits = flight.call.step, flight.call.attempt, list[str]()

        def tell(why: str) -> None:
            waits.append(why)
            self._report(events.AttemptWaits(self.clock.now(), step, attempt, why))

        turn = await self.turnstile.admit(chat.model, chat.limits, flight.tokens, tell)
        if waits:
            await self._admit(flight)
        return turn

    async def _fly(self, flight: Flight, file: str, options: Agent, chat: ChatPlan | None) -> None:
        """Make one attempt of an agent of a file and report how it ended.

        Its time begins when nothing of ours is in its way any more.
        `chat` is given if the limits of its model are shared with other runs.
        """
        connection = self.connections[file, options.kind]
        call = replace(flight.call, note=flight.note)
        try:
            if (warming := self.warming.get((file, options.kind))) is not None:
                call = replace(call, reached=partial(self._reach, flight))
                await self._warm(flight, warming)
            if chat is not None:
                flight.turn = await self._admitted(flight, chat)
            flight.stage = "under way" if warming is None else "preparing"
            self._begin_time(flight)
            reply = await connection.call(options, call)
        except AttemptError as error:
            self._land(flight, failed(flight, self.clock.now(), error))
        except RecordingMiss as miss:
            self.miss = self.miss or miss
            self._report(events.RunInterrupted(self.clock.now(), why=str(miss)))
        except asyncio.CancelledError as stopped:
            if flight.expired:
                said = stopped.args[0] if stopped.args else None
                self._land(flight, timed_out(flight, self.clock.now(), said))
        except Exception as bug:  # noqa: BLE001 - it is raised by `drive`
            self._fail(bug)
        else:
            now = self.clock.now()
            late = flight.expired and not flight.over
            self._land(flight, timed_out(flight, now) if late else succeeded(flight, now, reply))
        finally:
            if flight.turn is not None:
                flight.turn.leave(flight.used)

    def _land(self, flight: Flight, outcome: AttemptSucceeded | AttemptFailed) -> None:
        flight.used = tokens_used(outcome)
        if flight.over:
            self._report(ended_late(outcome))
            return
        self._call_off(flight)
        self._report(outcome)

    def _call_off(self, flight: Flight) -> None:
        """Wait for this attempt no longer; if its task is not yet through, stop it."""
        flight.over = True
        if flight.deadline is not None:
            flight.deadline.cancel()
        if self.flights.get(flight.call.step) is flight:
            del self.flights[flight.call.step]
        if flight.task is not None and flight.task is not asyncio.current_task(self.loop):
            flight.task.cancel()
            self.stopping.add(flight.task)
            flight.task.add_done_callback(self.stopping.discard)

    def _expire(self, flight: Flight) -> None:
        """The deadline has come: the agent is told to stop, and gets `GRACE` seconds to do so."""
        flight.expired = True
        assert flight.task is not None
        flight.task.cancel()
        flight.deadline = self.loop.call_later(
            GRACE, lambda: self._land(flight, timed_out(flight, self.clock.now()))
        )
