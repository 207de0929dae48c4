"""What escalations do to the state: the part of the transition table about levels."""

from agentflow.core import events
from agentflow.core.limits import leave
from agentflow.core.purse import charge, lack, told
from agentflow.core.scopes import activate
from agentflow.core.state import Instance, Ladder, Need, State
from agentflow.core.table import IllegalTransition, take
from agentflow.core.talking import begin_afresh
from agentflow.plan.steps import CallPlan, LevelPlan

_ONE = {"escalations": 1}


def escalate(state: State, event: events.Escalate) -> None:
    instance = take(state, event)
    escalation = instance.step.approval
    if not instance.scope.of_calls:
        action = instance.step.catch.get(event.catch)
        escalation = action.escalation if action is not None else None
    if escalation is None or instance.ladder is not None:
        raise IllegalTransition(event, event.step, "not to be escalated")
    activate(instance)
    leave(state, instance)
    ladder = instance.ladder = Ladder(escalation, event.failure)
    found = lack(instance.purse, _ONE)
    if found is None:
        charge(instance.purse, _ONE)
    else:
        ladder.denied = told(found)
    state.agenda.appendleft((Need.LEVEL, instance))


def level_call(instance: Instance, level: LevelPlan) -> CallPlan | None:
    """What a level calls: where the step has chosen its agent, with the model of that one replaced."""
    return level.among.get(instance.choice or "") if level.among else level.call


def try_level(state: State, event: events.TryLevel) -> None:
    instance = take(state, event)
    ladder = _at(instance, event)
    ladder.call = level_call(instance, ladder.plan.levels[ladder.level])
    instance.complaint = None
    instance.link = 0
    begin_afresh(instance)
    instance.status = "waiting"
    state.ready.append(instance)


def leave_level(state: State, event: events.LeaveLevel) -> None:
    instance = take(state, event)
    _next(state, instance, _at(instance, event))


def notify(state: State, event: events.Notify) -> None:
    instance = take(state, event)
    state.people.undelivered[event.message] = event
    state.people.messages += 1
    _next(state, instance, _at(instance, event))


def _next(state: State, instance: Instance, ladder: Ladder) -> None:
    instance.status = "running"
    ladder.level += 1
    ladder.call = None
    instance.link = 0
    state.agenda.appendleft((Need.LEVEL, instance))


def _at(instance: Instance, event: events.TryLevel | events.LeaveLevel | events.Notify) -> Ladder:
    """The ladder, which has to stand where the event says."""
    ladder = instance.ladder
    if ladder is None or ladder.level != event.level or ladder.plan.name != event.escalation:
        raise IllegalTransition(event, event.step, "not at this level")
    return ladder
