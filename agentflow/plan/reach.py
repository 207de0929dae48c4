"""Which step a name means: the nearest that has it, from where it is read outwards."""

from agentflow.plan import address
from agentflow.plan.looks import enclosing
from agentflow.plan.steps import Plan, StepPlan


def step_in_reach(plan: Plan, name: str, place: str) -> StepPlan | None:
    """The step that goes by a name where an expression is read; None if there is none."""
    inside = (address.child(outer, name) for outer in enclosing(place))
    return next((plan.steps[at] for at in inside if at in plan.steps), None)
