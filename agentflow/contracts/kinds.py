"""Which kinds of values keep a schema, as the expression language tells them apart: 4 from 4.0.

JSON Schema calls both an integer, and `number` admits ints and doubles. A contract's integer is
taken for an int: it could be written 4.0, and hardly ever is. What the spec itself writes with a
point, or makes with `double`, stays a double wherever it goes; its schema has a remark on it.
"""

from collections.abc import Mapping

from agentflow.contracts.keywords import Schema, listed_values
from agentflow.contracts.shape import gathered
from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.signatures import ANY, BOOL, NUMBER, STRING
from agentflow.spec.cel.values import kind_of
from agentflow.spec.model import Json

DOUBLE: Kinds = frozenset({"double"})
#: The kinds of the values of each JSON type.
KINDS: Mapping[str, Kinds] = {
    "null": frozenset({"null"}),
    "boolean": BOOL,
    "integer": frozenset({"int"}),
    "number": NUMBER,
    "string": STRING,
    "array": frozenset({"list"}),
    "object": frozenset({"map"}),
}
#: Beside `type: number` that it is a double, beside values that those are meant which have a point.
_REMARK = {"$comment": "a number with a point is a double, also where it is whole"}


def kinds_of(schema: Schema, root: Schema) -> Kinds:
    """The kinds that values of a schema can have; never too few. `root` is as in `types_of`."""
    return gathered(schema, root, _declared, ANY)


def remark(schema: Schema) -> dict[str, Schema]:
    """What a schema says of the kinds of its numbers, for one that is made of it."""
    said = isinstance(schema, dict) and schema.items() >= _REMARK.items()
    return dict(_REMARK) if said else {}


def schema_of_kinds(kinds: Kinds) -> dict[str, Schema]:
    """The schema of what can have these kinds; {} if that is anything."""
    if kinds >= ANY:
        return {}
    needless = "integer" if "double" in kinds else "number"
    types = sorted(name for name, those in KINDS.items() if those & kinds and name != needless)
    only = _REMARK if kinds & NUMBER == DOUBLE else {}
    return {"type": types[0] if len(types) == 1 else types, **only}


def schema_of_value(value: Json) -> dict[str, Schema]:
    """The schema of a value that is written in the spec, and of no other."""
    return {"const": value, **(_REMARK if _has_double(value) else {})}


def _declared(schema: dict[str, Schema]) -> Kinds:
    """The kinds by `type`, `const` and `enum`."""
    kinds, remarked = ANY, bool(remark(schema))
    declared = schema.get("type")
    names = [declared] if isinstance(declared, str) else declared
    if isinstance(names, list):
        kinds = frozenset().union(*(KINDS.get(str(name), ANY) for name in names))
        kinds -= KINDS["integer"] if remarked and "number" in names else frozenset()
    values = listed_values(schema)
    if isinstance(values, list):
        kinds &= frozenset().union(*(_kinds_of_value(one, exact=remarked) for one in values))
    return kinds


def _kinds_of_value(value: Json, *, exact: bool) -> Kinds:
    """Of a value that is listed; an agent may write a whole one either way."""
    either = isinstance(value, float) and value.is_integer() and not exact
    return NUMBER if either else frozenset({kind_of(value)})


def _has_double(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_double, value.values()))
    if isinstance(value, list):
        return any(map(_has_double, value))
    return isinstance(value, float)
