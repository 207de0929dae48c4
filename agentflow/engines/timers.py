"""The timers that decisions ask for, as the facts that they become when they are due."""

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


def timer_of(decision: Decision, now: float) -> TimerFired | TimeRanOut | None:
    """The timer of a decision, made at `now`; its time is when it is due. None if it has none."""
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
