"""How a loop iterates: with which state an iteration begins, and what follows when it ends.

An iteration is a scope of its own: its steps start anew, and it passes on the state and nothing
else. When all its steps have ended, `until` is evaluated. If it is true, the loop is done.
Otherwise the loop goes on if an iteration is left and `next` changes something, and is `exhausted`
if not.
"""

from collections.abc import Mapping

from agentflow.contracts.structure import same
from agentflow.core import events
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.failing import after_failure, complete
from agentflow.core.state import Instance
from agentflow.core.values import Unusable, holds, value_of
from agentflow.plan.repeats import LoopPlan
from agentflow.spec.model import FailureClass, Json


def first_iteration(instance: Instance) -> Decision:
    """Begin with the initial state.

    Raises:
        Unusable: it cannot be evaluated.
    """
    loop = _plan(instance)
    return _iteration(instance, 0, value_of(loop.state, instance.env, "'loop.state'"))


def after_iteration(instance: Instance) -> Decision:
    """All steps of an iteration have ended: is the loop through, does it go on, or give up?"""
    loop, inside = _plan(instance), instance.inside
    assert inside is not None
    assert inside.plan is not None
    assert loop.until is not None
    if inside.closed:
        assert inside.failure is not None
        reason = Reason("language.failure", inside.failure.message)
        return events.CancelStep(instance.address, reason)
    index, state = inside.env["loop"]["index"], inside.env["loop"]["state"]
    try:
        if holds(loop.until, inside.env, "'loop.until'"):
            output = None
            if inside.plan.output is not None:
                output = value_of(inside.plan.output, inside.env, "'loop.output'")
            return complete(instance, output, _done(instance, index))
        if index + 1 == loop.max:
            often = "1 iteration" if loop.max == 1 else f"{loop.max} iterations"
            text = f"'{loop.until_text}' is false after {often} (loop.max)"
            return _exhausted(instance, text)
        changed = {**state, **value_of(loop.next, inside.env, "'loop.next'")}
    except Unusable as error:
        return after_failure(instance, error.failure)
    if loop.must_progress and same(state, changed):
        text = f"no progress: 'next' leaves the state as it was in iteration {index + 1}"
        return _exhausted(instance, text)
    return _iteration(instance, index + 1, changed)


def _iteration(instance: Instance, index: int, state: Mapping[str, Json]) -> Decision:
    loop = _plan(instance)
    rule = f"{instance.step.address}.loop"
    text = "the loop begins" if index == 0 else f"'{loop.until_text}' is false"
    figures = {"iteration": index + 1, "max": loop.max}
    return events.BeginIteration(instance.address, index, state, Reason(rule, text, figures))


def _done(instance: Instance, index: int) -> Reason:
    loop = _plan(instance)
    figures = {"iteration": index + 1, "max": loop.max}
    return Reason(f"{instance.step.address}.loop.until", f"'{loop.until_text}' is true", figures)


def _exhausted(instance: Instance, text: str) -> Decision:
    return after_failure(instance, Failure(FailureClass.EXHAUSTED, text))


def _plan(instance: Instance) -> LoopPlan:
    assert instance.step.loop is not None
    return instance.step.loop
