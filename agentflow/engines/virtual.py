"""The virtual engine: a run in no time at all.

Nothing is called and nobody waits. Each attempt is answered at once by a function, together with
how long it is said to have taken, and the clock jumps to whatever comes next. The core, the log
and the trace are the real ones.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from agentflow import __version__
from agentflow.core.events import (
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    EnterPipeline,
    Fact,
    Retry,
    RunResumed,
    RunStarted,
    StartAttempt,
    TimeRanOut,
    TimerFired,
)
from agentflow.engines.driver import Driver, lost
from agentflow.spec.model import FailureClass

#: `AttemptLost` is the process of the run dying: all that is in flight is lost with it.
Outcome = AttemptSucceeded | AttemptFailed | AttemptLost


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt comes to, `after` so many seconds. The time in `outcome` is filled in."""

    outcome: Outcome
    after: float


Answerer = Callable[[StartAttempt], Answer]


def run_virtual(driver: Driver, first: RunStarted, answer: Answerer) -> None:
    """Drive a run to its end in virtual time, which begins at `first.at`."""
    numbers = count()
    coming: list[tuple[float, int, Fact]] = []

    def expect(at: float, fact: Fact) -> None:
        at = round(at, 6)
        heapq.heappush(coming, (at, next(numbers), replace(fact, at=at)))

    wall = first.at + driver.plan.budget.wall
    expect(wall, TimerFired(wall))
    facts: Sequence[Fact] = [first]
    while True:
        for decision in driver.take(facts):
            now = driver.state.now
            if isinstance(decision, StartAttempt):
                expect(*_ending(now, decision, answer(decision)))
            elif isinstance(decision, Retry) and decision.delay > 0:
                expect(now + decision.delay, TimerFired(now, decision.step))
            elif isinstance(decision, EnterPipeline) and decision.wall is not None:
                expect(now + decision.wall, TimeRanOut(now, decision.step))
        if driver.state.status != "running":
            return
        _, _, fact = heapq.heappop(coming)
        facts = [fact]
        if isinstance(fact, AttemptLost) and fact.step in driver.state.running:
            # The process died, and another one takes the run up.
            facts = [RunResumed(fact.at, __version__), *lost(driver.state, fact.at)]
            coming = [entry for entry in coming if isinstance(entry[2], TimerFired)]
            heapq.heapify(coming)


def _ending(now: float, decision: StartAttempt, answer: Answer) -> tuple[float, Outcome]:
    """When and how an attempt ends: as answered, or at its deadline."""
    if answer.after <= decision.timeout:
        return now + answer.after, answer.outcome
    message = f"no answer within {decision.timeout:g} s"
    failed = AttemptFailed(now, decision.step, decision.attempt, FailureClass.TIMEOUT, message)
    return now + decision.timeout, failed
