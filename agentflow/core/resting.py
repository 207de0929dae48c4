"""Runs that nobody works on: when something in one is due.

A run that waits for people is picked up as soon as it can go on, or a time limit in it is over. A
run that was interrupted, or whose process died, has to be resumed by a person; it is only reported
that somebody has answered in it, or that the time of a question is over.
"""

from agentflow.core.state import ENDED_RUN, RunStatus, State

_AT_ONCE = 0.0
#: How a run comes to be for a person to take up.
_LEFT: frozenset[RunStatus] = frozenset({"interrupted", "crashed"})


def left_for_people(state: State) -> RunStatus | None:
    """The status of a run that goes on only if a person takes it up; None if it is not so."""
    return state.status if state.status in _LEFT and state.mode == "live" else None


def due_at_rest(state: State) -> float | None:
    """When something is due, in seconds since 1970; 0 for at once, None for never."""
    if state.mode == "simulated":
        return None
    if state.status in ENDED_RUN:
        return _AT_ONCE if state.people.undelivered else None
    if state.status == "waiting":
        if state.agenda or state.ready or state.people.undelivered:
            return _AT_ONCE
        due = [state.started_at + state.plan.budget.wall]
        due += (instance.due for instance in state.waiting.values() if instance.due is not None)
        due += (one.until for one in state.timed.values())
        return min(due)
    if state.people.heard:
        return _AT_ONCE
    asked = (instance.question for instance in state.people.open.values())
    return min((question.due for question in asked if question is not None), default=None)
