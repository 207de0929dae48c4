"""What a contract guarantees about a field of the values that keep it.

Only what is certain counts. Where a schema leaves room for doubt (alternatives, conditions,
patterns of names) the answer is that nothing is known, and a rule keeps silent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.keywords import SHELVES, Schema, json_type, subschemas
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.spec.model import Json

#: Why a part is missing: it does not exist, a contract does not require it, or an open contract
#: does not name it.
Lack: TypeAlias = Literal["never", "optional", "unnamed"]

_MOST_REFERENCES = 50
#: Keywords that say nothing about the value.
ANNOTATIONS = SHELVES | {
    "$ref", "$comment", "default", "deprecated", "description", "examples", "title"
}  # fmt: skip
#: Keywords that may demand a field which `required` does not name.
_CONDITIONS = frozenset(
    {
        "$ref",
        "allOf",
        "anyOf",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "minProperties",
        "not",
        "oneOf",
        "patternProperties",
        "propertyNames",
    }
)
_ALTERNATIVES = frozenset({"anyOf", "dependentSchemas", "if", "not", "oneOf"})
_IN_WORDS = {"array": "a list", "string": "text", "boolean": "true or false", "null": "empty"}


@dataclass(frozen=True, slots=True)
class Contract:
    """A value that keeps a schema; `root` is what references in the schema lead into.

    Not `exact` if the value is computed, so that it need not come to all that the schema allows.
    """

    schema: Schema
    root: Schema
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """What is known about one part of a value.

    `inside` is what it looks like, None if that is not known. With `lack`, `known` are the fields
    that are there, and `what` is what has no fields at all: `a list`.
    """

    inside: Contract | None = None
    lack: Lack | None = None
    known: tuple[str, ...] = ()
    what: str = ""


UNKNOWN = Part()
#: A value of which nothing is known.
ANYTHING = Contract(True, True)


def constant(value: Json) -> Contract:
    """A value that is written in the spec."""
    return Contract({"const": value}, True)


def computed(schema: Schema) -> Contract:
    """What an operator or a function makes."""
    return Contract(schema, True, exact=False)


def part_of(contract: Contract, key: str | int) -> Part:
    """A field, or an item, of a value that keeps a contract."""
    schema = past_references(contract)
    if not isinstance(schema, dict):
        return UNKNOWN
    if "const" in schema:
        return _part_of_value(schema["const"], key)
    types = types_of(schema, contract.root)
    if isinstance(key, int):
        plain = types == {"array"} and "items" in schema and "prefixItems" not in schema
        return Part(Contract(schema["items"], contract.root)) if plain else UNKNOWN
    if "object" not in types:
        return Part(lack="never", what=" or ".join(_in_words(types)))
    return _field_of(schema, types, contract.root, key)


def _field_of(schema: dict[str, Schema], types: frozenset[str], root: Schema, key: str) -> Part:
    properties = schema.get("properties", {})
    named = tuple(properties)
    required = key in schema.get("required", ())
    if key in properties:
        inside = Contract(properties[key], root)
        open_question = types != {"object"} or _CONDITIONS & schema.keys()
        if required or open_question or _has_default(properties[key]):
            return Part(inside)
        return Part(inside, "optional", named)
    if schema.get("additionalProperties") is False and "patternProperties" not in schema:
        return Part(None, "never", named)
    is_open = schema.get("additionalProperties", True) is True
    if named and is_open and not required and not _CONDITIONS & schema.keys():
        return Part(None, "unnamed", named)
    return UNKNOWN


def _part_of_value(value: Json, key: str | int) -> Part:
    if isinstance(key, int):
        some = isinstance(value, list) and key == SOME_ITEM and value
        return Part(Contract({"enum": value}, True)) if some else UNKNOWN
    if not isinstance(value, dict):
        return Part(lack="never", what=" or ".join(_in_words({json_type(value)})))
    if key in value:
        return Part(constant(value[key]))
    return Part(lack="never", known=tuple(value))


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


def _has_default(schema: Schema) -> bool:
    return isinstance(schema, dict) and "default" in schema


def _in_words(types: Iterable[str]) -> list[str]:
    return sorted({_IN_WORDS.get(name, "a number") for name in types})
