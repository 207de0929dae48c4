"""A schema in one line."""

from typing import Any

import pytest

from agentflow.contracts.brief import brief

TREE = {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        (True, "anything"),
        (False, "nothing"),
        ({}, "anything"),
        ({"type": "object"}, "object"),
        ({"type": "object", "additionalProperties": False}, "{}"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "{…: integer}"),
        (
            {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": ["a", 1]}, "note": {"type": ["string", "null"]}},
            },
            '{kind: "a" | 1, note?: string | null}',
        ),
        ({"enum": list("abcdef")}, '"a" | "b" | "c" | "d" | 2 more'),
        ({"const": None}, "null"),
        ({"type": "array", "items": {"type": "string"}}, "[string]"),
        ({"items": False}, "[nothing]"),
        ({"anyOf": [{"type": "string"}, {"type": "string", "maxLength": 3}]}, "string"),
        ({"oneOf": [{"type": "string"}, {"const": 3}]}, "string | 3"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "number"}}}, "number"),
        ({"$ref": "#/$defs/Gone"}, "Gone"),
        (
            {"$ref": "#/$defs/Tree", "$defs": {"Tree": TREE}},
            "{left?: {…}}",
        ),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "array", "items": {}}}},
            "[[[anything]]]",
        ),
    ],
)
def test_a_schema_in_one_line(schema: Any, line: str) -> None:
    assert brief(schema) == line


def test_what_is_long_is_cut() -> None:
    names = [f"field_{number}" for number in range(30)]
    line = brief({"type": "object", "properties": {name: {} for name in names}})
    assert len(line) == 80
    assert line.endswith("…")
