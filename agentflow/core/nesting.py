"""A pipeline inside another: what it is given, and how long it may take."""

from agentflow.core import events
from agentflow.core.deadlines import time_inside
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.failing import after_failure
from agentflow.core.state import Instance, State
from agentflow.core.values import value_of
from agentflow.plan.inputs import with_defaults
from agentflow.spec.model import FailureClass, Json


def enter_pipeline(state: State, instance: Instance, reason: Reason) -> Decision:
    """Begin with the inputs that `with` gives, if they keep the contract of the pipeline.

    Raises:
        Unusable: `with` cannot be evaluated.
    """
    nested = instance.step.nested
    assert nested is not None
    plan = nested.plan
    arguments: dict[str, Json] = value_of(nested.arguments, instance.env, "'with'")
    given = with_defaults(plan.inputs, arguments)
    violations = plan.inputs.checker.check(given)
    if violations:
        message = f"the inputs break the contract of '{plan.pipeline.name}': {violations[0]}"
        return after_failure(instance, Failure(FailureClass.REJECTED, message))
    wall: float | None = plan.budget.wall
    if wall is not None and wall >= time_inside(instance, state.now):
        wall = None
    return events.EnterPipeline(instance.address, given, wall, reason)
