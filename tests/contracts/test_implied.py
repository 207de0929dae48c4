"""The short proof: what it sees, and what it leaves to others."""

from typing import Any

import pytest

from agentflow.contracts.compat import Kind, compare
from agentflow.contracts.implied import implied

DATE = {"type": "string", "format": "date"}
COUNTRIES = [f"country {number}" for number in range(200)]
TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": DATE, "parts": {"type": "array", "items": {"$ref": "#"}}},
}
LOOSE_TREE = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "parts": {"items": {"$ref": "#/$defs/Node"}},
            },
        }
    },
}


def form(fields: int, **others: Any) -> dict[str, Any]:
    """An object of so many texts; every other has a pattern."""
    texts = [{"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"}, {"type": "string", "maxLength": 9}]
    properties = {f"field{number}": texts[number % 2] for number in range(fields)} | others
    return {"type": "object", "required": list(properties), "properties": properties}


def tagged(*tags: str) -> dict[str, Any]:
    """A choice of objects that are told apart by `kind`."""
    return {
        "oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": tag}}}
            for tag in tags
        ]
    }


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (False, {"type": "string"}),
        ({"type": "integer"}, {"type": ["number", "null"]}),
        ({"type": "integer"}, {"minLength": 3, "required": ["a"]}),
        ({"minimum": 3}, {"exclusiveMinimum": 2, "minimum": 3}),
        ({"exclusiveMaximum": 3}, {"maximum": 3, "exclusiveMaximum": 3}),
        ({"multipleOf": 6}, {"multipleOf": 3}),
        ({"minLength": 3, "maxLength": 9, "pattern": "^a"}, {"maxLength": 9, "pattern": "^a"}),
        (DATE, {"type": "string", "format": "date", "description": "a day"}),
        ({"const": "a"}, {"enum": ["a", "b"], "type": "string"}),
        ({"enum": COUNTRIES}, {"enum": [*COUNTRIES, "nowhere"]}),
        ({"type": "array", "prefixItems": [DATE], "items": False}, {"items": {"type": "string"}}),
        ({"minItems": 1, "uniqueItems": True}, {"minItems": 1, "uniqueItems": True}),
        (form(60), form(60)),
        (form(60, more=DATE), form(60)),
        (form(1), {"additionalProperties": True, "minProperties": 1}),
        ({**form(1), "additionalProperties": False}, {**form(2), "required": []}),
        ({"additionalProperties": DATE}, {"additionalProperties": {"type": "string"}}),
        (TREE, LOOSE_TREE),
        ({"anyOf": [DATE, {"type": "null"}]}, {"type": ["string", "null"]}),
        (DATE, {"oneOf": [{"type": "null"}, {"type": "string"}]}),
        ({"allOf": [{"minimum": 2}, {"maximum": 3}]}, {"allOf": [{"minimum": 1}]}),
        (tagged(*COUNTRIES[:30]), tagged(*COUNTRIES[:31])),
    ],
)  # fmt: skip
def test_what_says_the_same_in_the_same_words_is_proved(given: Any, taken: Any) -> None:
    assert implied(given, given, taken, taken)
    assert compare(given, taken).kind == Kind.COMPATIBLE


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (True, {"type": "string"}),
        ({"type": "number"}, {"type": "integer"}),
        ({"minimum": 2}, {"exclusiveMinimum": 2}),
        ({"exclusiveMinimum": 1e300}, {"minimum": 1.1e300}),
        ({"maxLength": 9}, {"maxLength": 8}),
        ({"multipleOf": 3}, {"multipleOf": 6}),
        ({"enum": [*COUNTRIES, "nowhere"]}, {"enum": COUNTRIES}),
        ({"properties": {"a": DATE}}, {"required": ["a"]}),
        ({"items": {"type": "string"}}, {"items": DATE}),
        ({"patternProperties": {"^a": True}}, {"properties": {"a": DATE}}),
        ({"properties": {"b": True}}, {"additionalProperties": DATE}),
        (form(60, last={"type": "string"}), form(60, last=DATE)),
        (LOOSE_TREE, TREE),
        ({"$ref": "#/allOf/0", "allOf": [{"$ref": "#"}]}, DATE),
        (DATE, {"oneOf": [{"type": "string"}, DATE]}),
        (tagged("a", "b"), tagged("a", "a", "b")),
        (tagged("a", "b"), tagged("a", "c")),
    ],
)
def test_what_does_not_fit_is_not_proved(given: Any, taken: Any) -> None:
    assert not implied(given, given, taken, taken)
    assert compare(given, taken).kind != Kind.COMPATIBLE
