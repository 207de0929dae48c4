"""Which JSON types a schema lets a value have, as far as can be told without solving it."""

from collections.abc import Callable
from typing import TypeVar

from agentflow.contracts.keywords import TYPES, Schema, json_types, listed_values
from agentflow.contracts.pointers import follow

_EVERY = frozenset(TYPES)
_Name = TypeVar("_Name", bound=str)


def types_of(schema: Schema, root: Schema) -> frozenset[str]:
    """The types that values of `schema` can have; never too few.

    `root` is the self-contained schema that local references lead into. A schema that admits
    numbers has both `number` and `integer`.
    """
    return gathered(schema, root, _declared, _EVERY)


def gathered(
    schema: Schema,
    root: Schema,
    declared: Callable[[dict[str, Schema]], frozenset[_Name]],
    every: frozenset[_Name],
) -> frozenset[_Name]:
    """What all parts of a schema leave of `every`: `declared` tells what the keywords of one do."""
    known: dict[str, frozenset[_Name]] = {}  # references that were followed, or just are

    def of(schema: Schema) -> frozenset[_Name]:
        if schema is False:
            return frozenset()
        if not isinstance(schema, dict):
            return every
        names = declared(schema)
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(keyword)
            if not isinstance(branches, list) or not branches:
                continue
            each = [of(branch) for branch in branches]
            if keyword == "allOf":
                names = names.intersection(*each)
            else:
                names = names.intersection(frozenset().union(*each))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference not in known:
                known[reference] = every
                known[reference] = of(follow(reference, root))
            names &= known[reference]
        return names

    return of(schema)


def _declared(schema: dict[str, Schema]) -> frozenset[str]:
    """The types by `type`, `const` and `enum`."""
    types = _EVERY
    declared = schema.get("type")
    if isinstance(declared, str):
        types = frozenset({declared})
    elif isinstance(declared, list):
        types = frozenset(name for name in declared if isinstance(name, str))
    if "number" in types:
        types |= {"integer"}
    values = listed_values(schema)
    if isinstance(values, list):
        types &= json_types(values)
    return types
