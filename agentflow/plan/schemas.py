"""A value that keeps a contract, and what the schema says of it as a whole."""

import json
from math import inf

from msgspec import Struct

from agentflow.contracts.keywords import SHELVES, Schema, listed_values, subschemas
from agentflow.contracts.kinds import schema_of_value
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.spec.model import FailureClass, Json

_MOST_REFERENCES = 50
#: Keywords that do not restrict the value.
ANNOTATIONS = SHELVES | {
    "$ref", "$comment", "default", "deprecated", "description", "examples", "title"
}  # fmt: skip
_ALTERNATIVES = frozenset({"anyOf", "dependentSchemas", "if", "not", "oneOf"})


class Contract(Struct, frozen=True):
    """A value that keeps a schema; references in the schema lead into `root`.

    It is not `exact` if the value is computed, and so may not reach everything the schema allows.
    It is `filled` if fields at its top get their `default` when they are not given.
    """

    schema: Schema
    root: Schema
    exact: bool = True
    filled: bool = False


#: A value of which nothing is known.
ANYTHING = Contract(True, True)
#: What expressions see of the failure of an item or a task.
FAILURE = Contract(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["class", "message"],
        "properties": {
            "class": {"enum": [str(kind) for kind in FailureClass]},
            "message": {"type": "string"},
        },
    },
    True,
)


def constant(value: Json) -> Contract:
    """A value that is written in the spec."""
    return Contract(schema_of_value(value), True)


def computed(schema: Schema) -> Contract:
    """The result of an operator or a function."""
    return Contract(schema, True, exact=False)


def self_contained(schema: Schema) -> Contract:
    """A value that keeps a schema whose references lead into the schema itself."""
    return Contract(schema, schema)


def values_of(contract: Contract) -> tuple[Json, ...] | None:
    """All values that keep a contract, if it lists them; None otherwise."""
    schema = past_references(contract)
    if not isinstance(schema, dict):
        return None
    if "const" in schema:
        return (schema["const"],)
    if "enum" in schema:
        return tuple(schema["enum"])
    types = types_of(schema, contract.root)
    if types == {"boolean"}:
        return True, False
    if types == {"null"}:
        return (None,)
    options = schema.get("anyOf") or schema.get("oneOf")
    each = [values_of(Contract(option, contract.root)) for option in options or ()]
    if not each or None in each:
        return None
    return tuple({json.dumps(value): value for one in each for value in one or ()}.values())


def shortest_list(schema: Schema) -> int:
    """How many items a value certainly has, by the top of its schema."""
    if not isinstance(schema, dict):
        return 0
    if isinstance(schema.get("const"), list):
        return len(schema["const"])
    return int(schema.get("minItems", 0)) if types_of(schema, schema) == {"array"} else 0


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


def past_references(contract: Contract) -> Schema:
    """The schema that mere references lead to."""
    schema = contract.schema
    for _ in range(_MOST_REFERENCES):
        if not isinstance(schema, dict) or "$ref" not in schema or schema.keys() - ANNOTATIONS:
            return schema
        schema = follow(schema["$ref"], contract.root)
    return True


def alternatives(schema: Schema) -> bool:
    """Does a self-contained schema let one field depend on another anywhere?"""
    if not isinstance(schema, dict):
        return False
    return bool(_ALTERNATIVES & schema.keys()) or any(
        alternatives(part) for _, part in subschemas(schema)
    )
