"""How many items a list has at most, and a `for_each`: its `max`, or less if its list is shorter."""

from math import inf

from agentflow.contracts.keywords import Schema, listed_values
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.plan import address
from agentflow.plan.steps import StepPlan
from agentflow.plan.types import Types
from agentflow.spec.templates import Constant


def most_items(step: StepPlan, types: Types) -> int:
    """The items of a step with `for_each`; `types` are those of the plan that it is in."""
    assert step.for_each is not None
    most, over = step.for_each.max, step.for_each.over
    if isinstance(over, Constant) and isinstance(over.value, list):
        return min(most, len(over.value))
    schema = types.of(over, address.parent(step.address) or "")
    return int(min(most, longest_list(schema)))


def longest_list(schema: Schema, root: Schema | None = None) -> float:
    """The items of the longest list that keeps a schema; 0 if no list does.

    `root` is what references in the schema lead into, if that is not the schema itself.
    """
    return _longest(schema, schema if root is None else root, frozenset())


def _longest(schema: Schema, root: Schema, seen: frozenset[str]) -> float:
    if not isinstance(schema, dict):
        return 0 if schema is False else inf
    if "array" not in types_of(schema, root):
        return 0
    values = listed_values(schema)
    if values is not None:
        return max((len(value) for value in values if isinstance(value, list)), default=0)
    found: list[float] = [schema.get("maxItems", inf)]
    if schema.get("items") is False:
        found.append(len(schema.get("prefixItems", ())))
    found += [_longest(part, root, seen) for part in schema.get("allOf", ())]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            found.append(max((_longest(one, root, seen) for one in schema[keyword]), default=0))
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        found.append(_longest(follow(reference, root), root, seen | {reference}))
    return min(found)
