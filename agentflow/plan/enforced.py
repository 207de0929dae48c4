"""What of a contract a provider can hold its models to.

With `strict`, OpenAI's models can only produce what a schema allows, at the price of a small dialect:
every field is required, nothing else is allowed, and only some keywords exist. A contract is brought
into it where that is possible without another meaning for an answer: objects that are silent about
further fields are closed, and keywords beyond the dialect are left out. An answer is checked against the
contract itself in any case.

Source of the dialect: https://platform.openai.com/docs/guides/structured-outputs
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentflow.contracts.keywords import Schema
from agentflow.spec.model import Json

#: Providers that offer the dialect under this name.
_STRICT = frozenset({"openai", "azure"})
_KEPT = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum"}
    | {"exclusiveMaximum", "exclusiveMinimum", "items", "maxItems", "maximum", "minItems"}
    | {"minimum", "multipleOf", "pattern", "properties", "required", "title", "type"}
)
#: What refuses values, and is left out.
_LEFT_OUT = frozenset(
    {"contains", "dependentRequired", "dependentSchemas", "else", "format", "if", "maxContains"}
    | {"maxLength", "maxProperties", "minContains", "minLength", "minProperties", "not"}
    | {"propertyNames", "then", "unevaluatedItems", "unevaluatedProperties", "uniqueItems"}
)
_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"}
)
#: What cannot be left out, since what it says about fields or branches is half of the contract.
_ESSENTIAL = frozenset({"$dynamicRef", "allOf", "patternProperties", "prefixItems"})


@dataclass(frozen=True, slots=True)
class Form:
    """A schema that a provider enforces, and the keywords of the contract that are not in it."""

    schema: dict[str, Any]
    lost: tuple[str, ...]


def enforced(contract: Schema, model: str) -> Form | None:
    """The part of a contract that the provider of a model enforces; None if it cannot."""
    if model.partition("/")[0] not in _STRICT:
        return None
    if not isinstance(contract, Mapping) or contract.get("type") != "object":
        return None
    lost: set[str] = set()
    try:
        schema = _strict(contract, lost)
    except _Beyond:
        return None
    return Form(schema, tuple(sorted(lost)))


class _Beyond(Exception):
    """A schema has no counterpart in the dialect."""


def _strict(schema: Json, lost: set[str]) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or not _ESSENTIAL.isdisjoint(schema):
        raise _Beyond
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "$defs"):
            made[keyword] = {name: _strict(inner, lost) for name, inner in value.items()}
        elif keyword in ("anyOf", "oneOf"):
            if "anyOf" in made:
                raise _Beyond
            made["anyOf"] = [_strict(inner, lost) for inner in value]
            lost |= {keyword} & {"oneOf"}
        elif keyword == "items":
            made[keyword] = _strict(value, lost)
        elif keyword in _KEPT or (keyword == "format" and value in _FORMATS):
            made[keyword] = value
        elif keyword in _LEFT_OUT:
            lost.add(keyword)
    return _closed(made)


def _closed(made: dict[str, Any]) -> dict[str, Any]:
    """An object with no other fields than its own, all of which are required."""
    kinds = made.get("type", [])
    if "object" in ([kinds] if isinstance(kinds, str) else kinds) or "properties" in made:
        properties = made.get("properties", {})
        if set(made.get("required", ())) != properties.keys():
            raise _Beyond
        if not properties and made.get("additionalProperties") is not False:
            raise _Beyond
        if made.get("additionalProperties", True) not in (True, False):
            raise _Beyond
        made["additionalProperties"] = False
    return made
