"""What follows from a failure: another attempt, what `catch` says, or the end of the step."""

from collections.abc import Mapping

from agentflow.core import events
from agentflow.core.acceptance import repair
from agentflow.core.assertions import broken
from agentflow.core.deadlines import over_time
from agentflow.core.effects import as_unknown, unknown_inside
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.fallbacks import fall_back
from agentflow.core.purse import took_too_long
from agentflow.core.retry import Again, judge
from agentflow.core.state import Instance, State
from agentflow.core.values import Unusable, value_of
from agentflow.plan.calls import is_repeatable
from agentflow.plan.steps import CatchPlan
from agentflow.plan.unknown_effects import WHETHER_IT_HAPPENED
from agentflow.spec.model import REPAIRABLE, FailureClass, Json


def on_failure(state: State, instance: Instance) -> Decision:
    """An attempt failed, or everything inside a group, switch or `for_each` has."""
    if instance.inside is not None:
        failure = instance.inside.failure
        assert failure is not None
        if failure.kind is FailureClass.CANCELLED:
            rule = "language.failure" if state.cancelled is None else "language.cancel"
            return events.CancelStep(instance.address, Reason(rule, failure.message))
        return after_failure(instance, unknown_inside(instance.inside, failure))
    assert instance.failure is not None
    failure = over_time(instance, state.now, instance.failure)
    again = repair(instance, failure)
    if again is not None:
        return again
    other = fall_back(state, instance, failure)
    if isinstance(other, events.FallBack):
        return other
    verdict = judge(state, instance, failure)
    if isinstance(verdict, Again):
        return events.Retry(
            instance.address,
            instance.attempt + 1,
            verdict.delay,
            counted=True,
            reason=verdict.reason,
        )
    return after_failure(instance, failure, why_no_retry=verdict, why_no_fallback=other)


def on_loss(_state: State, instance: Instance) -> Decision:
    """An attempt was in flight when its process ended."""
    call = instance.call
    assert call is not None
    if instance.held_up:
        return _made_after_all(instance)
    text = f"the process ended before the outcome was known; effects are '{call.effects}'"
    if call.key is not None:
        text += ", and it has an idempotency key"
    if is_repeatable(call) and not instance.scope.closed:
        return events.Retry(
            instance.address,
            instance.attempt + 1,
            delay=0,
            counted=False,
            reason=Reason("language.effects", text),
        )
    if call.effects.repeatable:
        reason = Reason("language.failure", f"{text}; what encloses the step has failed")
        return events.CancelStep(instance.address, reason)
    return after_failure(instance, Failure(FailureClass.UNKNOWN_EFFECT, text))


def _made_after_all(instance: Instance) -> Decision:
    """The attempt that was lost had been held up: whatever its effects are, it had none."""
    text = "the process ended before the call was sent"
    if instance.scope.closed:
        reason = Reason("language.failure", f"{text}; what encloses the step has failed")
        return events.CancelStep(instance.address, reason)
    reason = Reason("language.effects", text)
    number = instance.attempt + 1
    return events.Retry(instance.address, number, delay=0, counted=False, reason=reason)


def on_stop(state: State, instance: Instance) -> Decision:
    """It is active in a scope that has failed, the run's time is up, or somebody cancels it."""
    if state.cancelled is not None:
        return _stop(state, instance, Reason("language.cancel", state.cancelled))
    scope = instance.scope
    text = scope.failure.message if scope.failure else "what encloses the step has failed"
    return _stop(state, instance, Reason("language.failure", text))


def on_fail_fast(state: State, instance: Instance) -> Decision:
    """It is in flight beside a step that has failed, and the spec says `fail_fast`."""
    assert instance.scope.failure is not None
    return _stop(state, instance, Reason("language.fail_fast", instance.scope.failure.message))


def on_too_late(_state: State, instance: Instance) -> Decision:
    """The time of the step is over, and it waits for something."""
    assert instance.own_purse is not None
    message = took_too_long(instance.own_purse)
    return after_failure(instance, Failure(FailureClass.BUDGET_EXCEEDED, message))


def _stop(state: State, instance: Instance, reason: Reason) -> Decision:
    if instance.address not in state.running:
        if instance.in_doubt:
            return fail(instance, _still_unknown(instance, reason.text), reason)
        return events.CancelStep(instance.address, reason)
    call = instance.call
    assert call is not None
    return events.CancelAttempt(
        instance.address,
        instance.attempt,
        status="cancelled" if call.effects.repeatable else "unknown",
        reason=reason,
    )


def _still_unknown(instance: Instance, why: str) -> Failure:
    """The failure of a step in doubt that is stopped while it waits, perhaps for a person."""
    ladder = instance.ladder
    if ladder is None or ladder.failure.kind is not FailureClass.UNKNOWN_EFFECT:
        return as_unknown(instance, Failure(FailureClass.CANCELLED, why))
    message = f"{ladder.failure.message}; {why}"
    return Failure(FailureClass.UNKNOWN_EFFECT, message, ladder.failure.cause)


def _figures(
    instance: Instance, failure: Failure, why_no_retry: Reason | None, why_no_fallback: str | None
) -> dict[str, Json]:
    """What had been tried before, and why no more was."""
    figures = dict(why_no_retry.figures) if why_no_retry else {}
    if why_no_fallback:
        figures["no_fallback"] = why_no_fallback
    call = instance.call
    if instance.repairs:
        figures["repairs"] = instance.repairs
    elif (
        call is not None
        and call.repair
        and failure.kind in REPAIRABLE
        and not call.effects.repeatable
    ):
        figures["no_repair"] = f"the agent has acted, and its effects are '{call.effects}'"
    if why_no_retry:
        figures["no_retry"] = why_no_retry.text
    return figures


def after_failure(
    instance: Instance,
    failure: Failure,
    why_no_retry: Reason | None = None,
    why_no_fallback: str | None = None,
) -> Decision:
    """What `catch` says about a failure that is not retried.

    Without a word a person is asked if nobody knows whether the step had its effect, and else it
    fails.
    """
    failure = as_unknown(instance, failure)
    if instance.ladder is not None:
        return leave_level(instance, f"{failure.kind}: {failure.message}")
    figures = _figures(instance, failure, why_no_retry, why_no_fallback)
    key, action = _caught(instance, failure)
    if action is None and _is_to_be_told(instance, failure):
        name = WHETHER_IT_HAPPENED.name
        reason = Reason("language.unknown_effect", failure.message, figures)
        return events.Escalate(instance.address, "", name, failure, reason)
    if action is None or action.action == "fail":
        rule = f"{instance.step.address}.catch.{key}" if key else "language.failure"
        return fail(instance, failure, Reason(rule, failure.message, figures))
    reason = Reason(f"{instance.step.address}.catch.{key}", failure.message, figures)
    if action.action == "skip":
        return events.SkipStep(instance.address, reason, failure)
    if action.call is not None:
        return events.HandOver(instance.address, action.call.agent, failure, reason)
    if action.action == "escalate":
        return _escalate(instance, str(key), action, failure, reason)
    assert action.value is not None
    try:
        value = value_of(action.value, _seen_by(instance, action, failure), f"'catch.{key}.use'")
    except Unusable as error:
        return no_value(instance, failure, error.failure, reason)
    return go_on_with(instance, value, f"'catch.{key}.use'", failure, reason)


def go_on_with(
    instance: Instance, value: Json, what: str, failure: Failure, reason: Reason
) -> Decision:
    """Put a value of the author's in the place of the output, passing over a failure.

    `what` names the value in the message if it breaks the contract.
    """
    if instance.step.contract is not None and not instance.scope.of_tasks:
        violations = instance.step.contract.checker.check(value)
        if violations:
            message = f"{what} breaks the output contract: {violations[0]}"
            return no_value(instance, failure, Failure(FailureClass.REJECTED, message), reason)
    return events.UseValue(instance.address, value, reason, failure)


def no_value(instance: Instance, failure: Failure, problem: Failure, reason: Reason) -> Decision:
    """The value that was to pass over a failure cannot be used: the step fails because of that.

    That nobody knows whether it had its effect is not forgotten over it.
    """
    if failure.kind is FailureClass.UNKNOWN_EFFECT:
        problem = Failure(failure.kind, f"{failure.message}; {problem.message}", failure.cause)
    return fail(instance, problem, reason)


def _escalate(
    instance: Instance, key: str, action: CatchPlan, failure: Failure, reason: Reason
) -> Decision:
    assert action.escalation is not None
    if instance.scope.closed:
        # Nobody is to be troubled about a part of something that has failed anyway.
        return fail(instance, failure, reason)
    return events.Escalate(instance.address, key, action.escalation.name, failure, reason)


def leave_level(instance: Instance, why: str) -> Decision:
    """The level of an escalation at which a step stands did not help."""
    ladder = instance.ladder
    assert ladder is not None
    reason = Reason(ladder.rule, why)
    return events.LeaveLevel(instance.address, ladder.plan.name, ladder.level, reason)


def complete(instance: Instance, output: Json, reason: Reason) -> Decision:
    """A group, a switch or a loop is through, if what it asserts is true of its output."""
    found = broken(instance, output)
    if found is None:
        return events.CompleteStep(instance.address, output, reason)
    _, wrong = found
    return after_failure(instance, Failure(FailureClass.INVALID_OUTPUT, "; ".join(wrong)))


def _caught(instance: Instance, failure: Failure) -> tuple[str | None, CatchPlan | None]:
    """The key of `catch` that takes a failure: its class, what caused it, or `any`.

    On a `for_each` step, `catch` is about one instance; the step as a whole has no catch. On a
    loop, `exhausted` is about its own end, not that of a loop inside.
    """
    if instance.expands:
        return None, None
    catch = instance.step.catch
    foreign = instance.step.kind == "loop" and _came_from_inside(instance)
    for key in (failure.kind, failure.cause or failure.kind, "any"):
        if key not in catch or (foreign and key == "exhausted"):
            continue
        if catch[key].action != "agent" or _may_be_handed_over(instance):
            return str(key), catch[key]
    return None, None


def _is_to_be_told(instance: Instance, failure: Failure) -> bool:
    """Is it for a person to say whether a call of this step had its effect?

    Not where a `catch` around the step has a word for it, and nobody is troubled about a part of
    something that has failed anyway.
    """
    of_its_own = instance.call is not None and instance.inside is None
    if failure.kind is not FailureClass.UNKNOWN_EFFECT or not of_its_own or instance.scope.closed:
        return False
    outer = instance.scope.owner
    while outer is not None:
        if _caught(outer, failure)[1] is not None:
            return False
        outer = outer.scope.owner
    return True


def _may_be_handed_over(instance: Instance) -> bool:
    """May another agent get the same input? Once, and only if no attempt may have acted."""
    acted = instance.acted or instance.in_doubt
    return not (instance.handed_over or instance.scope.closed or acted)


def _came_from_inside(instance: Instance) -> bool:
    """Did a step inside fail, rather than the step itself?"""
    return instance.inside is not None and instance.inside.failure is not None


def _seen_by(instance: Instance, action: CatchPlan, failure: Failure) -> Mapping[str, Json]:
    """What the value of `use` can read: after the end of a loop, its last iteration too.

    For a task it can read what went wrong, so that those who work with its result learn of it.
    """
    if instance.scope.of_tasks:
        error = {"class": str(failure.kind), "message": failure.message}
        return {**instance.env, "task": {**instance.env["task"], "error": error}}
    if action.place != instance.step.address and instance.inside is not None:
        return instance.inside.env
    return instance.env


def fail(instance: Instance, failure: Failure, reason: Reason) -> Decision:
    """The step fails for good; it is `unknown` if nobody knows what it did."""
    unknown = failure.kind is FailureClass.UNKNOWN_EFFECT and instance.inside is None
    return events.FailStep(instance.address, "unknown" if unknown else "failed", failure, reason)
