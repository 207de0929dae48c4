"""Turning to others when a step has failed: the levels of an escalation, one after the other.

A level that calls an agent makes a single attempt, so that the next level is never far. It is
passed over if it could do harm: after an attempt that has acted, or may have, nothing is called
whose effects must not happen twice. People can still decide to try it again.
"""

from collections.abc import Mapping

from agentflow.core import events
from agentflow.core.asking import Asks, asked, given_to
from agentflow.core.deadlines import time_left, too_late
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.failing import fail, go_on_with, leave_level, no_value
from agentflow.core.ladders import level_call
from agentflow.core.state import Instance, Ladder, State
from agentflow.core.values import Unusable, text_of, value_of
from agentflow.plan.steps import LevelPlan
from agentflow.plan.unknown_effects import WHETHER_IT_HAPPENED
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted


def on_level(state: State, instance: Instance) -> Decision:
    """What the level comes to at which a step stands."""
    ladder = instance.ladder
    assert ladder is not None
    if instance.scope.closed:
        reason = Reason("language.failure", "what encloses the step has failed")
        return fail(instance, ladder.failure, reason)
    if ladder.level == len(ladder.plan.levels):
        return _exhausted(instance, ladder, "no level helped")
    if ladder.denied is not None:
        return _exhausted(instance, ladder, ladder.denied)
    late = too_late(state, instance)
    if late is not None:
        return _exhausted(instance, ladder, late.message)
    level = ladder.plan.levels[ladder.level]
    try:
        match level.kind:
            case "notify":
                return _notify(state, instance, level)
            case "human":
                return _ask(state, instance, level)
            case _:
                return _call(instance, level)
    except Unusable as error:
        return leave_level(instance, error.failure.message)


def _call(instance: Instance, level: LevelPlan) -> Decision:
    ladder, call = instance.ladder, level_call(instance, level)
    assert ladder is not None
    if call is None:
        has = "has no" if instance.step.dispatch is None or instance.choice else "has chosen no"
        return leave_level(
            instance, f"the step {has} agent that '{level.target}' could stand in for"
        )
    if not call.reach.repeatable and (instance.acted or instance.in_doubt):
        why = f"an attempt has acted or may have, and the effects of '{call.agent}' are"
        return leave_level(instance, f"{why} '{call.reach}'")
    text = f"level {ladder.level + 1} of {len(ladder.plan.levels)}"
    return events.TryLevel(
        step=instance.address,
        escalation=ladder.plan.name,
        level=ladder.level,
        agent=call.agent,
        model=level.target if level.kind == "model" else None,
        reason=Reason(ladder.rule, text),
    )


def _ask(state: State, instance: Instance, level: LevelPlan) -> Decision:
    ladder = instance.ladder
    assert ladder is not None
    assert level.text is not None
    text = text_of(level.text, _seen(instance, ladder), f"'{ladder.rule}.human.ask'")
    left = time_left(instance, state.now)
    within = level.within if level.within is not None else left
    if within <= 0:
        return leave_level(instance, "no time is left")
    asks = Asks(text, level.target, level.who, within, level.four_eyes)
    return asked(state, instance, asks, Reason(ladder.rule, ladder.failure.message))


def _notify(state: State, instance: Instance, level: LevelPlan) -> Decision:
    ladder = instance.ladder
    assert ladder is not None
    assert level.text is not None
    text = text_of(level.text, _seen(instance, ladder), f"'{ladder.rule}.notify.text'")
    return events.Notify(
        step=instance.address,
        message=f"n{state.people.messages}",
        escalation=ladder.plan.name,
        level=ladder.level,
        channel=level.target,
        who=level.who,
        text=text,
        failure=ladder.failure,
        reason=Reason(ladder.rule, ladder.failure.message),
    )


def _seen(instance: Instance, ladder: Ladder) -> Mapping[str, Json]:
    """What the texts of an escalation can read."""
    failure = {"kind": str(ladder.failure.kind), "message": ladder.failure.message}
    given = given_to(instance)
    if instance.seeks_approval:
        given = instance.env["input"]
    return {**instance.env, "failure": failure, "input": given}


def _exhausted(instance: Instance, ladder: Ladder, why: str) -> Decision:
    """Nobody helped: what the author says about that."""
    plan, failure = ladder.plan, ladder.failure
    if plan is WHETHER_IT_HAPPENED:
        message = f"{failure.message}; nobody has said whether it happened"
        reason = Reason("language.unknown_effect", message)
        return fail(instance, Failure(failure.kind, message, failure.cause), reason)
    last = plan.on_exhausted
    rule = f"escalations.{plan.name}.on_exhausted"
    reason = Reason(rule, f"{failure.message}; {why}")
    if last.action == "fail":
        told = f"escalation {quoted(plan.name)}: {why}"
        if plan.is_question:
            told = ladder.denied or ladder.left or why
        message = f"{failure.message}; {told}"
        return fail(instance, Failure(failure.kind, message, failure.cause), reason)
    if last.action == "skip":
        return events.SkipStep(instance.address, reason, failure)
    assert last.value is not None
    try:
        value = value_of(last.value, instance.env, f"'{rule}.use'")
    except Unusable as error:
        return no_value(instance, failure, error.failure, reason)
    return go_on_with(instance, value, f"'{rule}.use'", failure, reason)
