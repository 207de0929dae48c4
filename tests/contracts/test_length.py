"""How long and how short the text of a value can be."""

from math import inf
from typing import Any

import pytest

from agentflow.contracts.length import is_free_text, longest, shortest

TEXT = {"type": "string", "maxLength": 50, "minLength": 5}


@pytest.mark.parametrize(
    ("schema", "least", "most"),
    [
        (True, 0, inf),
        (False, 0, 0),
        ({}, 0, inf),
        (TEXT, 5, 50),
        ({"type": "string"}, 0, inf),
        # Nobody knows how long a text can be that has to fit a pattern too.
        ({**TEXT, "pattern": "^a"}, 5, 0),
        ({"const": "abc"}, 3, 3),
        ({"enum": ["a", "abcd", {"b": 1}]}, 1, 8),
        ({"type": "boolean"}, 0, 0),
        ({"type": "array", "items": TEXT}, 0, inf),
        ({"type": "array", "items": TEXT, "minItems": 2, "maxItems": 4}, 10, 200),
        ({"type": "array", "items": {"type": "boolean"}}, 0, 0),
        ({"type": "array", "prefixItems": [TEXT, TEXT], "items": False}, 0, 100),
        ({"type": "array", "prefixItems": [TEXT], "items": TEXT, "minItems": 3, "maxItems": 3}, 15, 150),
        ({"type": "object"}, 0, inf),
        ({"type": "object", "additionalProperties": False}, 0, 0),
        ({"type": "object", "required": ["ab"], "properties": {"ab": TEXT, "c": TEXT}}, 7, 103),
        ({"anyOf": [TEXT, {"type": "null"}]}, 0, 50),
        ({"oneOf": [TEXT, {"const": "abc"}]}, 3, 50),
        ({"allOf": [TEXT, {"maxLength": 20}]}, 5, 20),
        ({"$ref": "#/$defs/T", "$defs": {"T": TEXT}}, 5, 50),
        ({"type": ["string", "null"], "maxLength": 9}, 0, 9),
    ],
)  # fmt: skip
def test_lengths(schema: Any, least: float, most: float) -> None:
    assert (shortest(schema), longest(schema)) == (least, most)


def test_what_contains_itself_has_no_bound_by_that_alone() -> None:
    tree = {
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": TEXT,
                    "inner": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/Tree"}},
                },
            }
        },
    }
    assert shortest(tree) == 9
    assert longest(tree) == 59


@pytest.mark.parametrize(
    ("schema", "free"),
    [
        (True, True),
        ({}, True),
        ({"type": "string"}, True),
        ({"type": "string", "maxLength": 20}, True),
        ({"type": "string", "maxLength": 19}, False),
        ({"type": "string", "pattern": "^[0-9]{6}$"}, False),
        ({"type": "string", "format": "date"}, False),
        ({"enum": ["a", "b"]}, False),
        ({"const": "a text that somebody has written long before"}, False),
        ({"type": ["integer", "boolean", "null"]}, False),
        ({"type": "array", "items": {"type": "string"}}, True),
        ({"type": "array", "items": {"type": "integer"}}, False),
        ({"type": "array"}, True),
        ({"type": "object"}, True),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, False),
        ({"type": "object", "properties": {"a": {"anyOf": [{"type": "null"}, TEXT]}}}, True),
        ({"$ref": "#/$defs/T", "$defs": {"T": TEXT}}, True),
    ],
)
def test_free_text(schema: Any, free: bool) -> None:
    assert is_free_text(schema) is free
