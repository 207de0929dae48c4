"""The timers of a run, as the facts that they become, each with the time when it is due."""

from typing import TypeAlias

from agentflow.core.events import (
    AskPerson,
    Decision,
    EnterPipeline,
    HoldBack,
    Retry,
    SetDeadline,
    TimeRanOut,
    TimerFired,
)
from agentflow.core.state import State

Timer: TypeAlias = TimerFired | TimeRanOut


def timers_of(state: State) -> list[Timer]:
    """The timers of a run as it begins or is taken up: of its times, and of all that waits.

    They stand in the order in which they are due. Those that are due at the same time (a question
    has no more than what is around it) stand from the outside in, as where a process is at work.
    """
    timers: list[Timer] = [TimerFired(state.started_at + state.plan.budget.wall)]
    for (address, limit), one in state.timed.items():
        timers.append(TimeRanOut(one.until, address, limit))
    for instance in state.waiting.values():
        assert instance.due is not None
        question = instance.question.question if instance.question else None
        timers.append(TimerFired(instance.due, instance.address, question))
    return sorted(timers, key=lambda timer: round(timer.at, 3))


def timer_of(decision: Decision, now: float) -> Timer | None:
    """The timer of a decision, made at `now`; None if it has none."""
    match decision:
        case Retry() if decision.delay > 0:
            return TimerFired(now + decision.delay, decision.step)
        case HoldBack() if decision.until is not None:
            return TimerFired(decision.until, decision.step)
        case EnterPipeline() if decision.wall is not None:
            return TimeRanOut(now + decision.wall, decision.step)
        case SetDeadline():
            return TimeRanOut(now + decision.seconds, decision.step, decision.limit)
        case AskPerson():
            return TimerFired(decision.due, decision.step, decision.question)
        case _:
            return None
