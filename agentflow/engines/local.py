"""The local engine: attempts as asyncio tasks of one process, timers by its loop.

It performs decisions and reports facts, and decides nothing. Whatever an agent does, its attempt
ends at its deadline: the task is cancelled, which makes the agent kill what it started, and a task
that does not even end then is left behind after `GRACE` seconds.
"""

import asyncio
import signal
import threading
from collections.abc import Iterable, Mapping

from agentflow.agents.protocol import AttemptError, Call, Connection, Reply
from agentflow.core import events
from agentflow.core.events import AttemptFailed, AttemptSucceeded, Decision, Fact
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver
from agentflow.plan.address import static
from agentflow.spec.model import FailureClass

#: Seconds an agent has to clean up after its deadline before its task is abandoned.
GRACE = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_local(
    driver: Driver, first: Fact, connections: Mapping[str, Connection], clock: WallClock
) -> None:
    """Drive a run until it has ended or was interrupted.

    `first` is `RunStarted`, or `RunResumed` on a state folded from a log. `connections` are the
    agent kinds by name; they are closed at the end.
    """
    engine = _LocalEngine(driver, connections, clock)
    try:
        await engine.drive(first)
    finally:
        await engine.stop()


class _LocalEngine:
    """What is in flight: a task per running attempt, a timer per wait."""

    def __init__(
        self, driver: Driver, connections: Mapping[str, Connection], clock: WallClock
    ) -> None:
        self.driver = driver
        self.state = driver.state
        self.connections = connections
        self.clock = clock
        self.loop = asyncio.get_running_loop()
        self.tasks: dict[str, asyncio.Task[Reply]] = {}
        self.deadlines: dict[str, asyncio.TimerHandle] = {}
        self.expired: set[str] = set()
        self.facts: list[Fact] = []
        self.bug: BaseException | None = None
        self.wake = asyncio.Event()

    async def drive(self, first: Fact) -> None:
        self._watch_signals()
        self._perform(self.driver.take([first, *self._lost()]))
        self._arm()
        while self.state.status == "running":
            await self.wake.wait()
            self.wake.clear()
            if self.bug is not None:
                raise self.bug
            facts, self.facts = self.facts, []
            self._perform(self.driver.take(facts))

    async def stop(self) -> None:
        """Cancel what is in flight and give everything back."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        for connection in self.connections.values():
            await connection.close()
        for number in SIGNALS:
            self.loop.remove_signal_handler(number)
        if self.state.status == "interrupted" and self.facts:
            # An answer that came while the run was being stopped is an outcome all the same.
            self.driver.take(self.facts)

    # --- facts -----------------------------------------------------------------------------

    def _report(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.wake.set()

    def _lost(self) -> list[Fact]:
        """What was in flight when the log ended: nobody knows what became of it."""
        now = self.clock.now()
        return [
            events.AttemptLost(now, instance.address, instance.attempt)
            for instance in self.state.running.values()
        ]

    def _watch_signals(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self.loop.add_signal_handler(number, self._interrupt, number)

    def _interrupt(self, number: signal.Signals) -> None:
        """The first signal ends the run in order; the next one ends the process at once."""
        for each in SIGNALS:
            self.loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        self._report(events.RunInterrupted(self.clock.now(), signal.Signals(number).name))

    # --- decisions -------------------------------------------------------------------------

    def _perform(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, events.StartAttempt):
                self._start(decision)
            elif isinstance(decision, events.Retry):
                if decision.delay > 0:
                    self._wait(decision.step, decision.delay)
            elif isinstance(decision, events.CancelAttempt):
                task = self.tasks.get(decision.step)
                if task is not None:
                    task.cancel()

    def _arm(self) -> None:
        """Timers that belong to the state as a whole: the wall budget, and waits of a resumed run."""
        now = self.clock.now()
        wall = self.state.started_at + self.driver.plan.budget.wall - now
        self.loop.call_later(max(0.0, wall), self._fire, None)
        for instance in self.state.waiting.values():
            assert instance.due is not None
            self._wait(instance.address, max(0.0, instance.due - now))

    def _wait(self, step: str, delay: float) -> None:
        self.loop.call_later(delay, self._fire, step)

    def _fire(self, step: str | None) -> None:
        self._report(events.TimerFired(self.clock.now(), step))

    def _start(self, decision: events.StartAttempt) -> None:
        step = decision.step
        plan = self.driver.plan.steps[static(step)].call
        assert plan is not None
        call = Call(
            run_id=self.state.run_id,
            step=step,
            attempt=decision.attempt,
            agent=decision.agent,
            input=decision.input,
            output_schema=plan.output.schema,
            timeout=decision.timeout,
        )
        connection = self.connections[plan.options.kind]
        task = self.loop.create_task(connection.call(plan.options, call))
        self.tasks[step] = task
        self.deadlines[step] = self.loop.call_later(decision.timeout, self._expire, call)
        task.add_done_callback(lambda done: self._ended(call, done))

    def _expire(self, call: Call) -> None:
        """The deadline has come: the agent is to stop, and is not waited for beyond the grace."""
        self.expired.add(call.step)
        self.tasks[call.step].cancel()
        self.deadlines[call.step] = self.loop.call_later(GRACE, self._abandon, call)

    def _abandon(self, call: Call) -> None:
        self.tasks.pop(call.step, None)
        self._timed_out(call)

    def _timed_out(self, call: Call) -> None:
        self.expired.discard(call.step)
        message = f"no answer within {call.timeout:g} s"
        self._failed(call, AttemptError(FailureClass.TIMEOUT, message))

    def _ended(self, call: Call, task: asyncio.Task[Reply]) -> None:
        if self.tasks.get(call.step) is not task:
            return  # abandoned before
        del self.tasks[call.step]
        self.deadlines.pop(call.step).cancel()
        if call.step in self.expired:
            self._timed_out(call)
        elif task.cancelled():
            return  # by a decision or at the end of the run
        elif (error := task.exception()) is None:
            self._succeeded(call, task.result())
        elif isinstance(error, AttemptError):
            self._failed(call, error)
        else:
            self.bug = error
            self.wake.set()

    def _succeeded(self, call: Call, reply: Reply) -> None:
        self._report(
            AttemptSucceeded(
                at=self.clock.now(),
                step=call.step,
                attempt=call.attempt,
                value=None if reply.text is not None else reply.value,
                text=reply.text,
                usage=reply.usage,
            )
        )

    def _failed(self, call: Call, error: AttemptError) -> None:
        self._report(
            AttemptFailed(
                at=self.clock.now(),
                step=call.step,
                attempt=call.attempt,
                failure=error.failure,
                message=error.message,
                retry_after=error.retry_after,
            )
        )
