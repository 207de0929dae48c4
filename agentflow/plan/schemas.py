"""A value that keeps a contract, and what the schema says of it as a whole."""

from msgspec import Struct

from agentflow.contracts.keywords import SHELVES, Schema, subschemas
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.spec.model import Json

_MOST_REFERENCES = 50
#: Keywords that say nothing about the value.
ANNOTATIONS = SHELVES | {
    "$ref", "$comment", "default", "deprecated", "description", "examples", "title"
}  # fmt: skip
_ALTERNATIVES = frozenset({"anyOf", "dependentSchemas", "if", "not", "oneOf"})


class Contract(Struct, frozen=True):
    """A value that keeps a schema; `root` is what references in the schema lead into.

    Not `exact` if the value is computed, so that it need not come to all that the schema allows.
    `filled` if a field at its top that has a `default` gets it where it was not given.
    """

    schema: Schema
    root: Schema
    exact: bool = True
    filled: bool = False


#: A value of which nothing is known.
ANYTHING = Contract(True, True)


def constant(value: Json) -> Contract:
    """A value that is written in the spec."""
    return Contract({"const": value}, True)


def computed(schema: Schema) -> Contract:
    """What an operator or a function makes."""
    return Contract(schema, True, exact=False)


def values_of(contract: Contract) -> tuple[Json, ...] | None:
    """All values that keep a contract, if it names them; None if it does not."""
    schema = past_references(contract)
    if not isinstance(schema, dict):
        return None
    if "const" in schema:
        return (schema["const"],)
    if "enum" in schema:
        return tuple(schema["enum"])
    return (True, False) if types_of(schema, contract.root) == {"boolean"} else None


def past_references(contract: Contract) -> Schema:
    """The schema itself, where a reference is all that it demands."""
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
