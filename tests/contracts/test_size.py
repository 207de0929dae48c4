"""How large values can get: never more than is said, and the open length has a name."""

import json
from contextlib import suppress
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.sample import NoSample, sample
from agentflow.contracts.size import Size, size_of, size_of_fields, size_of_part
from agentflow.spec.model import Json
from tests.contracts.schemas import schemas, values

TEXT = {"type": "string", "maxLength": 5}


@settings(max_examples=150, deadline=None)
@given(schemas, values)
def test_no_value_that_keeps_a_schema_is_larger(schema: Any, value: Json) -> None:
    size, checker = size_of(schema), compile_schema(schema)
    assert (size.bytes == inf) == (size.field is not None)
    candidates = [value] if checker.fits(value) else []
    with suppress(NoSample):
        candidates.append(sample(schema, 0))
    plain = size_of_part(schema, (), as_text=True)
    for candidate in candidates:
        assert len(json.dumps(candidate, ensure_ascii=False).encode(errors="replace")) <= size.bytes
        if isinstance(candidate, str):
            assert len(candidate.encode(errors="replace")) <= plain.bytes


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (TEXT, "\U0001f600" * 5),
        ({"type": "integer", "minimum": -9, "maximum": 10}, 10.0),
        ({"type": "number", "minimum": -1, "maximum": 1}, -2.2250738585072014e-308),
        ({"type": "array", "items": TEXT, "maxItems": 3}, ["\x00" * 5] * 3),
        (
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"a": TEXT, "b": {"type": "null"}},
            },
            {"a": "\U0001f600" * 5, "b": None},
        ),
        ({"enum": ["a", {"b": [1, 2]}]}, {"b": [1, 2]}),
        ({"anyOf": [{"type": "boolean"}, {"const": "a long one"}]}, "a long one"),
        ({"allOf": [{"type": "string"}, {"maxLength": 2}, TEXT], "type": "string"}, "ab"),
    ],
    ids=["text", "integer", "double", "list", "object", "enum", "any_of", "all_of"],
)
def test_the_largest_value_fits(schema: Any, value: Json) -> None:
    assert compile_schema(schema).fits(value)
    size = len(json.dumps(value, ensure_ascii=False).encode())
    assert size <= size_of(schema).bytes < 300


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({}, ".type"),
        ({"type": "string"}, ".maxLength"),
        ({"type": "array", "items": TEXT}, ".maxItems"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 3}, "[].maxLength"),
        ({"type": "object", "properties": {"a": TEXT}}, ".additionalProperties"),
        (
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"a": {"type": "string"}},
            },
            ".a.maxLength",
        ),
        (
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"next": {"$ref": "#"}, "n": {"type": "null"}},
            },
            ".next.$ref",
        ),
    ],
    ids=["anything", "text", "list", "items", "open_object", "field", "recursive"],
)
def test_what_has_no_bound_is_named(schema: Any, field: str) -> None:
    assert size_of(schema) == Size(inf, field)


def test_of_an_open_object_only_the_named_fields_count() -> None:
    schema = {
        "$ref": "#/$defs/in",
        "$defs": {"in": {"type": "object", "properties": {"a": TEXT, "b": {}}}},
    }
    assert size_of_fields(schema, ["a"]) == Size(2 + 3 + 4 + 2 + 6 * 5)
    assert size_of_fields(schema, ["a", "b"]) == Size(inf, ".b.type")


def test_text_stands_in_a_prompt_as_it_is() -> None:
    schema: Any = {
        "anyOf": [
            {"$ref": "#/$defs/t"},
            {"type": "array", "items": {"$ref": "#/$defs/t"}, "maxItems": 1},
        ],
        "$defs": {"t": TEXT},
    }
    assert size_of_part(TEXT, (), as_text=True) == Size(4 * 5)
    # In a list it is JSON, though the same reference leads to it.
    assert size_of_part(schema, (), as_text=True) == Size(2 + 6 * 5 + 4)
    lists = {"type": "object", "properties": {"a": schema["anyOf"][1]}, "$defs": schema["$defs"]}
    assert size_of_part(lists, ("a", 0), as_text=True) == Size(20)
    assert size_of_part(lists, ("b",)) == Size(inf, ".b.type")


def test_references_that_fan_out_are_followed_once() -> None:
    """Each level refers to the next one twice: 2^60 ways, 60 places."""
    levels = {
        f"n{n}": {
            "type": "object",
            "additionalProperties": False,
            "properties": {key: {"$ref": f"#/$defs/n{n + 1}"} for key in "ab"},
        }
        for n in range(60)
    }
    schema = {"$ref": "#/$defs/n0", "$defs": {**levels, "n60": {"type": "null"}}}
    assert size_of(schema).bytes > 2.0**60
