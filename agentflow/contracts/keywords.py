"""The words of JSON Schema 2020-12: where schemas stand inside a schema, and what a value may be.

A `$ref` is a reference only where a schema stands; in a `const`, an `enum` or a `default`, and
under a property that happens to be called `$ref`, it is data. So everything that walks a schema
walks it by this table, which follows the applicator vocabulary (JSON Schema Core, section 10).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from agentflow.spec.model import Json

#: A schema: an object or a boolean. Malformed ones are passed around too, until they are reported.
Schema: TypeAlias = Any
#: Keys and indexes from the root of a schema or value to a place in it.
Path: TypeAlias = tuple[str | int, ...]

#: Keywords whose value is a schema.
ONE = frozenset(
    {
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
#: Keywords whose value is a list of schemas.
LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
#: Keywords whose value maps names to schemas.
MAP = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
#: Keywords that judge the same value again, not a part of it.
IN_PLACE = frozenset({"allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then"})
#: Keywords that only keep schemas for others to refer to.
SHELVES = frozenset({"$defs", "definitions"})

#: Keywords that judge values of one type only, by that type (JSON Schema Validation, section 6).
BY_TYPE: Mapping[str, frozenset[str]] = {
    "array": frozenset(
        [
            "contains",
            "items",
            "maxContains",
            "maxItems",
            "minContains",
            "minItems",
            "prefixItems",
            "unevaluatedItems",
            "uniqueItems",
        ]
    ),
    "number": frozenset(
        {"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"}
    ),
    "object": frozenset(
        [
            "additionalProperties",
            "dependentRequired",
            "dependentSchemas",
            "maxProperties",
            "minProperties",
            "patternProperties",
            "properties",
            "propertyNames",
            "required",
            "unevaluatedProperties",
        ]
    ),
    "string": frozenset(
        {
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
            "maxLength",
            "minLength",
            "pattern",
        }
    ),
}
#: Keywords that say something to people or to references and judge nothing.
REMARKS = SHELVES | frozenset(
    [
        "$anchor",
        "$comment",
        "$dynamicAnchor",
        "$id",
        "$schema",
        "$vocabulary",
        "default",
        "deprecated",
        "description",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    ]
)
#: Every keyword that there is.
KEYWORDS = (
    ONE
    | LIST
    | MAP
    | REMARKS
    | frozenset().union(*BY_TYPE.values())
    | {"$dynamicRef", "$ref", "const", "enum", "format", "type"}
)

#: The types of JSON Schema. An integer is a number, 1.0 is an integer.
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


def listed_values(schema: Mapping[str, Schema]) -> list[Json] | None:
    """The values that a schema lists, with `const` or `enum`; None if it lists none."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def subschemas(schema: Schema) -> Iterator[tuple[Path, Schema]]:
    """The schemas that stand directly in `schema`, each with its path from there."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in ONE:
            yield (keyword,), value
        elif keyword in LIST and isinstance(value, list):
            yield from (((keyword, index), item) for index, item in enumerate(value))
        elif keyword in MAP and isinstance(value, dict):
            yield from (((keyword, name), item) for name, item in value.items())


def json_type(value: Json) -> str:
    """The JSON type of a value; whole numbers written with a fraction are `integer` too."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def json_types(values: Iterable[Json]) -> frozenset[str]:
    """The JSON types of many values; only of numbers with a fraction is each looked at."""
    unlike = {value if isinstance(value, float) else type(value): value for value in values}
    return frozenset(map(json_type, unlike.values()))
