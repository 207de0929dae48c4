"""Which JSON types a schema lets a value have, as far as can be told without solving it."""

from agentflow.contracts.keywords import TYPES, Schema, json_types, listed_values
from agentflow.contracts.pointers import follow

_EVERY = frozenset(TYPES)


def types_of(schema: Schema, root: Schema) -> frozenset[str]:
    """The types that values of `schema` can have; never too few.

    `root` is the self-contained schema that local references lead into. A schema that admits
    numbers has both `number` and `integer`.
    """
    return _types_of(schema, root, {})


def _types_of(schema: Schema, root: Schema, known: dict[str, frozenset[str]]) -> frozenset[str]:
    """As `types_of`; `known` holds references that were followed, or are just being followed."""
    if schema is False:
        return frozenset()
    if not isinstance(schema, dict):
        return _EVERY
    types = _declared(schema)
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        if not isinstance(branches, list) or not branches:
            continue
        each = [_types_of(branch, root, known) for branch in branches]
        if keyword == "allOf":
            types = types.intersection(*each)
        else:
            types = types.intersection(frozenset().union(*each))
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference not in known:
            known[reference] = _EVERY
            known[reference] = _types_of(follow(reference, root), root, known)
        types &= known[reference]
    return types


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
