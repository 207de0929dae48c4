"""What escalations do to the state: the part of the transition table about levels."""

from agentflow.core import events
from agentflow.core.events import Failure
from agentflow.core.limits import leave
from agentflow.core.purse import charge, lack, told
from agentflow.core.scopes import activate
from agentflow.core.state import Instance, Ladder, Need, State
from agentflow.core.table import IllegalTransition, take
from agentflow.core.talking import begin_afresh
from agentflow.plan.steps import CallPlan, EscalationPlan, LevelPlan
from agentflow.plan.unknown_effects import WHETHER_IT_HAPPENED
from agentflow.spec.model import FailureClass

_ONE = {"escalations": 1}


def escalate(state: State, event: events.Escalate) -> None:
    instance = take(state, event)
    escalation = _turned_to(instance, event)
    if escalation is None or instance.ladder is not None:
        raise IllegalTransition(event, event.step, "not to be escalated")
    activate(instance)
    leave(state, instance)
    ladder = instance.ladder = Ladder(escalation, event.failure)
    state.agenda.appendleft((Need.LEVEL, instance))
    if escalation is WHETHER_IT_HAPPENED:
        return  # it is none of the author's, and their budget does not speak of it
    found = lack(instance.purse, _ONE)
    if found is None:
        charge(instance.purse, _ONE)
    else:
        ladder.denied = told(found)


def _turned_to(instance: Instance, event: events.Escalate) -> EscalationPlan | None:
    if event.escalation == WHETHER_IT_HAPPENED.name:
        return WHETHER_IT_HAPPENED
    if instance.scope.of_calls:
        return instance.step.approval
    action = instance.step.catch.get(event.catch)
    return action.escalation if action is not None else None


def level_call(instance: Instance, level: LevelPlan) -> CallPlan | None:
    """What a level calls; if the step chooses its agent, that agent with the level's model."""
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
    ladder = _at(instance, event)
    ladder.left = event.reason.text
    if instance.in_doubt and ladder.call is not None and not ladder.call.effects.repeatable:
        # Whoever is turned to next, and what follows if nobody helps, has to know of that.
        message = f"{ladder.failure.message}; level {ladder.level + 1}: {event.reason.text}"
        ladder.failure = Failure(FailureClass.UNKNOWN_EFFECT, message, ladder.failure.kind)
    _next(state, instance, ladder)


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
