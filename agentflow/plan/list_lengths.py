"""How many items a `for_each` goes over at most: its `max`, or less if its list is shorter."""

from agentflow.plan import address
from agentflow.plan.schemas import longest_list
from agentflow.plan.steps import StepPlan
from agentflow.plan.types import Types
from agentflow.spec.templates import Constant


def most_items(step: StepPlan, types: Types) -> int:
    """The most items of a `for_each` step; `types` are those of its plan."""
    assert step.for_each is not None
    most, over = step.for_each.max, step.for_each.over
    if isinstance(over, Constant) and isinstance(over.value, list):
        return min(most, len(over.value))
    schema = types.of(over, address.parent(step.address) or "")
    return int(min(most, longest_list(schema)))
