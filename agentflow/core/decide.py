"""The orchestrator: what to do next, as a pure function of the state.

`decide` looks at the head of the agenda, or else at the first call that is ready if a slot is
free, and answers with one decision about it. `settle` goes on until there is nothing to decide.
Nothing here reads a clock, rolls a die or touches the world, which is why a run can be replayed by
deciding again.
"""

from agentflow.core import events
from agentflow.core.acceptance import on_answer
from agentflow.core.asking import ask, on_aborted, on_unanswered, verdict
from agentflow.core.deadlines import time_left, timed, too_late, with_time
from agentflow.core.delegation import conclude, give_out
from agentflow.core.effects import unknown_inside
from agentflow.core.escalation import on_level
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.evolve import evolve
from agentflow.core.failing import (
    after_failure,
    complete,
    on_fail_fast,
    on_failure,
    on_loss,
    on_stop,
    on_too_late,
)
from agentflow.core.items import keys_of, needed
from agentflow.core.limits import hold_back
from agentflow.core.loops import after_iteration, first_iteration
from agentflow.core.nesting import enter_pipeline
from agentflow.core.purse import lack, told
from agentflow.core.spending import most
from agentflow.core.state import Instance, Need, Scope, State
from agentflow.core.talks import Asks
from agentflow.core.turns import next_turn, on_approval, on_calls
from agentflow.core.values import (
    Unusable,
    case_of,
    chosen_call,
    condition_of,
    items_of,
    outputs_of,
    payload_of,
    value_of,
)
from agentflow.spec.model import FailureClass, Json


def settle(state: State) -> tuple[State, tuple[Decision, ...]]:
    """Decide and evolve until nothing is left to decide."""
    made: list[Decision] = []
    while decisions := decide(state):
        for decision in decisions:
            evolve(state, decision)
        made.extend(decisions)
    return state, tuple(made)


def decide(state: State) -> tuple[Decision, ...]:
    """What follows from the state; `()` when there is nothing to do."""
    if state.people.mail:
        return (verdict(state),)
    if state.status != "running":
        return ()
    if state.agenda:
        need, instance = state.agenda[0]
        if need is Need.FINISH:
            return (_finish(state),)
        assert instance is not None
        return timed(state, instance, _BY_NEED[need](state, instance))
    if state.ready and len(state.running) < state.concurrency:
        decision = _start(state, state.ready[0])
        return timed(state, state.ready[0], decision) if decision is not None else ()
    return ()


# --- starting ------------------------------------------------------------------------------


def _condition(_state: State, instance: Instance) -> Decision:
    rule, text = f"{instance.step.address}.when", instance.step.when_text
    try:
        holds = condition_of(instance)
    except Unusable as error:
        return after_failure(instance, error.failure)
    if holds:
        return events.BeginStep(instance.address, Reason(rule, f"'{text}' is true"))
    return events.SkipStep(instance.address, Reason(rule, f"'{text}' is false"))


def _enter(state: State, instance: Instance) -> Decision:
    step = instance.step
    try:
        if instance.expands:
            return _expand(instance)
        if step.kind == "human":
            return ask(state, instance)
        if step.kind == "group":
            return events.EnterGroup(instance.address, _because_of_needs(instance))
        if step.kind == "loop":
            return first_iteration(instance)
        if step.kind == "delegate":
            return give_out(instance)
        if step.kind == "pipeline":
            return enter_pipeline(state, instance, _because_of_needs(instance))
        label = case_of(instance)
    except Unusable as error:
        return after_failure(instance, error.failure)
    if label in step.cases:
        reason = Reason(f"{step.address}.cases.{label}", f"the value is '{label}'")
        return events.TakeCase(instance.address, label, reason)
    if step.default is not None:
        reason = Reason(f"{step.address}.default", f"no case is '{label}'")
        return events.TakeCase(instance.address, None, reason)
    failure = Failure(FailureClass.REJECTED, f"'switch': no case is '{label}', and no 'default'")
    return after_failure(instance, failure)


def _expand(instance: Instance) -> Decision:
    """One instance for each item; may raise `Unusable`."""
    values, for_each = items_of(instance), instance.step.for_each
    assert for_each is not None
    rule, figures = f"{instance.step.address}.for_each", dict[str, Json]()
    keys, least = keys_of(instance, values), needed(for_each, len(values))
    if least is not None:
        figures = {"items": len(values), "min_success": least}
        if least > len(values):
            text = f"the list has {len(values)} items, and {least} have to succeed (min_success)"
            return after_failure(instance, Failure(FailureClass.EXHAUSTED, f"'for_each': {text}"))
    reason = Reason(rule, f"the list has {len(values)} items", figures)
    return events.ExpandItems(instance.address, len(values), reason, keys)


def _start(state: State, instance: Instance) -> Decision | None:
    """Start the next call; None if it has to wait for what calls in flight may give back.

    Also if no time is left for it, and a timer is due that will end it.
    """
    left = time_left(instance, state.now)
    if left <= 0:
        late = too_late(state, instance)
        return after_failure(instance, late) if late is not None else None
    try:
        call = chosen_call(instance)
        given, key = payload_of(instance, call)
        wait = hold_back(state, instance, call, given)
        if wait is not None:
            return wait
        held = most(state, instance, call, given)
    except Unusable as error:
        return after_failure(instance, error.failure)
    found = lack(instance.purse, held)
    if found is not None and not found.for_good:
        return None
    if found is not None:
        return after_failure(instance, Failure(FailureClass.BUDGET_EXCEEDED, told(found)))
    return events.StartAttempt(
        step=instance.address,
        attempt=instance.attempt + 1,
        agent=call.agent,
        input=given,
        timeout=min(call.timeout, left),
        effects=call.effects,
        reason=with_time(_because_of_needs(instance), call.timeout, instance, state.now),
        key=key,
        held={what: amount for what, amount in held.items() if what != "calls"},
        model=_other_model(instance),
        turn=instance.turns + 1 if call.tools else None,
    )


def _other_model(instance: Instance) -> str | None:
    """The model that an escalation or a fallback puts in the place of the agent's, if one does."""
    ladder, call = instance.ladder, instance.call
    if instance.link and call is not None:
        return str(getattr(call.options, "model", None))
    if ladder is None or ladder.plan.levels[ladder.level].kind != "model":
        return None
    return ladder.plan.levels[ladder.level].target


def _because_of_needs(instance: Instance) -> Reason:
    if instance.link:
        return Reason("language.fallback", f"attempt {instance.attempt + 1}")
    if instance.ladder is not None:
        return Reason(instance.ladder.rule, f"attempt {instance.attempt + 1}")
    if instance.talk is not None and not (instance.failures or instance.repairs):
        return Reason("language.tools", f"turn {instance.talk.number}")
    if instance.attempt:
        return Reason("language.retry", f"attempt {instance.attempt + 1}")
    if instance.scope.of_calls:
        return Reason("language.tools", "the model asks for it")
    if instance.is_item:
        return Reason("language.for_each", "there is room for this item")
    if not instance.step.upstream:
        return Reason("language.needs", "it waits for nothing")
    if len(instance.step.upstream) > 3:
        return Reason(
            "language.needs", f"all {len(instance.step.upstream)} it waits for have ended"
        )
    return Reason("language.needs", f"ended: {', '.join(instance.step.upstream)}")


def _answer(state: State, instance: Instance) -> Decision:
    """An agent has answered, or its model asks for tools before it does."""
    if isinstance(instance.answer, Asks):
        return on_calls(instance, instance.answer)
    return on_answer(state, instance)


# --- ending --------------------------------------------------------------------------------


def _output(_state: State, instance: Instance) -> Decision:
    inside = instance.inside
    assert inside is not None
    if instance.expands:
        done = sum(item.status == "succeeded" for item in inside.items)
        figures = {"items": len(inside.items), "succeeded": done}
        if inside.needed is not None:
            figures["min_success"] = inside.needed
        text = f"{done} of {len(inside.items)} items succeeded"
        reason = Reason(f"{instance.step.address}.for_each", text, figures)
        return events.CompleteStep(instance.address, None, reason)
    if instance.step.kind == "loop":
        return after_iteration(instance)
    if instance.step.kind == "delegate":
        return conclude(instance)
    if inside.of_calls:
        return next_turn(instance)
    assert inside.plan is not None
    output: Json = None
    if inside.plan.output is not None:
        try:
            output = value_of(inside.plan.output, inside.env, "'output'")
        except Unusable as error:
            return after_failure(instance, error.failure)
    reason = Reason("language.scope", "every step inside has ended")
    return complete(instance, output, reason)


def _finish(state: State) -> Decision:
    root = state.root
    assert root is not None
    if state.cancelled is not None:
        reason = Reason("language.cancel", state.cancelled, _spent(root))
        return events.FinishRun("cancelled", None, root.failure, reason)
    if root.failure is not None:
        failure = unknown_inside(root, root.failure)
        reason = Reason("language.failure", failure.message, _spent(root))
        return events.FinishRun("failed", None, failure, reason)
    try:
        outputs = outputs_of(state)
    except Unusable as error:
        reason = Reason("outputs", error.failure.message)
        return events.FinishRun("failed", None, error.failure, reason)
    reason = Reason("language.scope", "every step has ended", _spent(root))
    return events.FinishRun("succeeded", outputs, None, reason)


def _spent(root: Scope) -> dict[str, Json]:
    """What was used up of tokens, money and meters, if a budget bounds them."""
    plain = ("calls", "retries")
    spent = {what: amount for what, amount in root.purse.spent.items() if what not in plain}
    return {"spent": spent} if spent else {}


_BY_NEED = {
    Need.CONDITION: _condition,
    Need.APPROVAL: on_approval,
    Need.ENTER: _enter,
    Need.ANSWER: _answer,
    Need.OUTPUT: _output,
    Need.FAILURE: on_failure,
    Need.LEVEL: on_level,
    Need.UNANSWERED: on_unanswered,
    Need.ABORTED: on_aborted,
    Need.LOST: on_loss,
    Need.STOP: on_stop,
    Need.FAIL_FAST: on_fail_fast,
    Need.TOO_LATE: on_too_late,
}
