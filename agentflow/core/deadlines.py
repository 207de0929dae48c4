"""Deadlines propagate: nothing begins that has no time to finish.

A run, a pipeline in it and a step have times of their own, each over at one moment:

    budget.wall of a run or pipeline    from its start
    budget.wall of a step               from when the step begins, for all that it comes to
    timeout of a step with steps inside from when these may start, for each instance of a `for_each`

No wait begins that would last beyond the first of the deadlines around it, and no attempt is given
longer than what is left. When the time of what encloses a step is over, that is closed and what is
in flight in it is stopped. A step that calls an agent and whose own time is over is not stopped in
its attempt, which was given no more than that; it gives up its waits, and nothing further is tried.
"""

from agentflow.core import events
from agentflow.core.events import Decision, Failure, Reason, TimeLimit
from agentflow.core.limits import leave
from agentflow.core.purse import NOTHING, Purse, owner_of, took_too_long
from agentflow.core.scopes import close, forget, stop_in_flight
from agentflow.core.state import Instance, Need, Scope, State, Timed
from agentflow.core.table import IllegalTransition, expect_run
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass, Json

#: Seconds by which two clocks may disagree whether a time is over.
_DISAGREEMENT = 0.001
#: Decisions with which a step begins.
_BEGINNINGS = (
    events.EnterGroup,
    events.EnterPipeline,
    events.TakeCase,
    events.ExpandItems,
    events.AssignTasks,
    events.BeginIteration,
    events.HoldBack,
    events.StartAttempt,
    events.Escalate,
    events.AskPerson,
)

# --- how much time is left -----------------------------------------------------------------


def time_left(instance: Instance, now: float) -> float:
    """Seconds until the first of the times around a step, its own included, is over."""
    return round(_nearest(instance, now).until - now, 6)


def no_time_to_wait(instance: Instance, now: float, delay: float) -> Reason | None:
    """Why a wait of `delay` seconds is not begun; None if there is time for it."""
    left = time_left(instance, now)
    if delay < left:
        return None
    purse = _nearest(instance, now)
    figures: dict[str, Json] = {"budget": purse.time, "left": left, "delay": delay}
    text = f"{owner_of(purse)} is over in {time_in_words(left)} ({purse.limit}), before a wait of {time_in_words(delay)}"
    return Reason(purse.limit, text, figures)


def time_inside(instance: Instance, now: float) -> float:
    """The same for what is to begin inside of a step."""
    timeout = instance.step.timeout
    left = time_left(instance, now)
    return left if timeout is None else min(left, timeout)


def with_time(reason: Reason, timeout: float, instance: Instance, now: float) -> Reason:
    """The reason to start an attempt, which may be given less than its timeout."""
    left = time_left(instance, now)
    if timeout <= left:
        return reason
    text = f"{reason.text}; {time_in_words(left)} are left ({_nearest(instance, now).limit})"
    return Reason(reason.rule, text, {**reason.figures, "timeout": timeout, "left": left})


def too_late(state: State, instance: Instance) -> Failure | None:
    """The failure of a step whose own time is over and that nothing else will end."""
    purse = instance.own_purse
    if purse is None or round(purse.until - state.now, 6) > 0:
        return None
    if (instance.address, "budget") in state.timed:
        return None  # its timer is due, and ends it
    return Failure(FailureClass.BUDGET_EXCEEDED, took_too_long(purse))


def over_time(instance: Instance, now: float, failure: Failure) -> Failure:
    """The failure of an attempt that had no more time because that of its step was over."""
    purse = instance.own_purse
    if failure.kind is not FailureClass.TIMEOUT or instance.in_doubt:
        return failure
    if purse is None or purse.until - now > _DISAGREEMENT:
        return failure
    message = f"{failure.message}; {took_too_long(purse)}"
    return Failure(FailureClass.BUDGET_EXCEEDED, message, failure.kind)


def _nearest(instance: Instance, now: float) -> Purse:
    around, outer = instance.purse, instance.purse.outer
    while outer is not None:  # it is asked for every call, twice
        around, outer = (outer if outer.until < around.until else around), outer.outer
    wall = _wall(instance)
    if wall is None or now + wall >= around.until:
        return around
    return Purse(NOTHING, instance.address, time=wall, until=now + wall)


def _wall(instance: Instance) -> float | None:
    """The time that a step has for all that it comes to, if that has not begun."""
    return None if instance.active or instance.is_item else instance.step.wall


# --- times begin ---------------------------------------------------------------------------


def timed(state: State, instance: Instance, decision: Decision) -> tuple[Decision, ...]:
    """A decision, and before it those that set the times of a step which it begins."""
    if instance.active or not isinstance(decision, _BEGINNINGS):
        return (decision,)
    wall, timeout = _wall(instance), instance.step.timeout
    if wall is None and timeout is None:
        return (decision,)
    limits: list[tuple[TimeLimit, float]] = []
    left = round(min(purse.until for purse in instance.purse.outwards()) - state.now, 6)
    if wall is not None and wall < left:
        limits.append(("budget", wall))
        left = wall
    if timeout is not None and not instance.expands and timeout < left:
        limits.append(("timeout", timeout))
    return (*(_deadline(instance, limit, seconds) for limit, seconds in limits), decision)


def _deadline(instance: Instance, limit: TimeLimit, seconds: float) -> Decision:
    key = "budget.wall" if limit == "budget" else limit
    reason = Reason(f"{instance.step.address}.{key}", f"it has {time_in_words(seconds)} ({key})")
    return events.SetDeadline(instance.address, limit, seconds, reason)


def set_deadline(state: State, event: events.SetDeadline) -> None:
    """The time of the step begins that is next to be decided."""
    instance = state.agenda[0][1] if state.agenda else next(iter(state.ready), None)
    if instance is None or instance.address != event.step or instance.active:
        raise IllegalTransition(event, event.step, "not about to begin")
    until = state.now + event.seconds
    if event.limit == "budget":
        assert instance.own_purse is not None
        instance.own_purse.time, instance.own_purse.until = event.seconds, until
    else:
        outer = instance.purse
        instance.inner_purse = Purse(
            NOTHING, instance.address, outer, event.seconds, until, event.limit
        )
    state.timed[instance.address, event.limit] = Timed(instance, until)


# --- times are over ------------------------------------------------------------------------


def time_ran_out(state: State, event: events.TimeRanOut) -> None:
    """The time of a step is over, or of what is inside it."""
    expect_run(state, event, "running")
    state.now = event.at
    found = state.timed.pop((event.step, event.limit), None)
    if found is None:
        raise IllegalTransition(event, event.step, "without a time of its own")
    instance, inside = found.instance, found.instance.inside
    if inside is not None and not inside.over:
        purses = {"budget": instance.own_purse, "timeout": instance.inner_purse}
        end_time(state, inside, purses.get(event.limit) or inside.purse)
    elif event.limit == "budget" and instance.address not in state.running:
        forget(state, instance, "the time of its step was up")
        leave(state, instance)
        state.waiting.pop(instance.address, None)
        if instance in state.ready:
            state.ready.remove(instance)
        state.agenda.append((Need.TOO_LATE, instance))


def end_time(state: State, scope: Scope, purse: Purse) -> None:
    """Close a scope whose time, that of a purse, is over, and stop what is in flight in it."""
    kind = FailureClass.BUDGET_EXCEEDED
    if purse.limit == "timeout":
        kind = FailureClass.TIMEOUT
    close(state, scope, Failure(kind, took_too_long(purse)))
    stop_in_flight(state, scope)
