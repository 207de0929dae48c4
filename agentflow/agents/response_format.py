"""An output contract as a chat model's response format.

Providers that support it take a JSON Schema whose root is an object. With `strict` the model can
only produce what the schema allows, at the price of a small dialect: every field is required,
nothing else is allowed, and only the keywords below exist. A contract outside of that dialect is
sent all the same, as a request instead of a guarantee; the answer is checked in any case.

Source of the dialect: https://platform.openai.com/docs/guides/structured-outputs
"""

from collections.abc import Mapping
from typing import Any

from agentflow.spec.model import Json

_STRICT_KEYWORDS = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum"}
    | {"exclusiveMaximum", "exclusiveMinimum", "items", "maxItems", "maximum", "minItems"}
    | {"minimum", "multipleOf", "pattern", "properties", "required", "title", "type"}
)


def response_format(schema: Mapping[str, Json] | bool) -> dict[str, Any] | None:
    """The `response_format` of a request; None if the contract's root is not an object."""
    if isinstance(schema, bool) or schema.get("type") != "object":
        return None
    return {
        "type": "json_schema",
        "json_schema": {"name": "output", "schema": dict(schema), "strict": is_strict(schema)},
    }


def is_strict(schema: Json) -> bool:
    """Is the schema within the strict dialect?"""
    if not isinstance(schema, dict) or not schema.keys() <= _STRICT_KEYWORDS:
        return False
    types = schema.get("type", [])
    if "object" in ([types] if isinstance(types, str) else types) or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != properties.keys():
            return False
    return all(is_strict(inner) for inner in _inner_schemas(schema))


def _inner_schemas(schema: Mapping[str, Json]) -> list[Json]:
    found = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    found += schema.get("anyOf", [])
    if "items" in schema:
        found.append(schema["items"])
    return found
