"""Two schemas for one value made into one, as far as that is simple.

This serves to *draw* values, which are checked afterwards against the schemas as they were written.
So the merged schema need only be near: where two keywords have no common form, the later one is
kept.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agentflow.contracts.keywords import Schema


def merge(left: dict[str, Schema], right: dict[str, Schema]) -> dict[str, Schema]:
    """A schema for values that fit both, or nearly."""
    merged = dict(left)
    for keyword, value in right.items():
        if keyword not in merged:
            merged[keyword] = value
        elif keyword in _RULES:
            merged[keyword] = _RULES[keyword](merged[keyword], value)
        else:
            merged[keyword] = value
    for closed, other in ((left, right), (right, left)):
        if closed.get("additionalProperties") is False and "properties" in merged:
            merged["properties"] = _within(closed, merged["properties"], other)
    return merged


def both(left: Schema, right: Schema) -> Schema:
    """The conjunction of two schemas, written down."""
    if left is True or left == {} or left == right:
        return right
    if right is True or right == {}:
        return left
    if left is False or right is False:
        return False
    return {"allOf": [left, right]}


def _types(left: Any, right: Any) -> Any:
    ours, theirs = ([value] if isinstance(value, str) else list(value) for value in (left, right))
    common = [name for name in ours if name in theirs or (name == "integer" and "number" in theirs)]
    common += [name for name in theirs if name == "integer" and "number" in ours]
    return list(dict.fromkeys(common))


def _by_name(left: Mapping[str, Schema], right: Mapping[str, Schema]) -> dict[str, Schema]:
    merged = dict(left)
    for name, schema in right.items():
        merged[name] = both(merged[name], schema) if name in merged else schema
    return merged


def _in_turn(left: list[Schema], right: list[Schema]) -> list[Schema]:
    common = [both(ours, theirs) for ours, theirs in zip(left, right, strict=False)]
    longer = left if len(left) > len(right) else right
    return [*common, *longer[len(common) :]]


def _within(
    closed: dict[str, Schema], properties: dict[str, Schema], other: dict[str, Schema]
) -> dict[str, Schema]:
    """The properties without those that only the other schema has: the closed one forbids them."""
    known = closed.get("properties", {})
    if closed.get("patternProperties"):
        return properties
    return {
        name: schema if name in known or name not in other.get("properties", {}) else False
        for name, schema in properties.items()
    }


_RULES: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "enum": lambda left, right: [value for value in left if value in right],
    "required": lambda left, right: list(dict.fromkeys([*left, *right])),
    "properties": _by_name,
    "patternProperties": _by_name,
    "prefixItems": _in_turn,
    "items": both,
    "additionalProperties": both,
    "propertyNames": both,
    "not": lambda left, right: {"anyOf": [left, right]},
    "allOf": lambda left, right: [*left, *right],
    "multipleOf": lambda left, right: left if left % right == 0 else right,
}
_RULES |= dict.fromkeys(
    ("minLength", "minItems", "minProperties", "minContains", "minimum", "exclusiveMinimum"), max
)
_RULES |= dict.fromkeys(
    ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"), min
)
