"""Schemas that nothing satisfies, the place of the contradiction, and what contradicts."""

from typing import Any

import pytest
from hypothesis import given, settings

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.emptiness import empty_parts
from tests.contracts.schemas import schemas, values

NUMBER = {"type": "number", "minimum": 5, "maximum": 3}


@pytest.mark.parametrize(
    ("schema", "keywords"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 3, "title": "x"}, ("minimum", "maximum")),
        ({"type": "integer", "enum": ["a"], "minimum": 0}, ("enum", "minimum")),
        ({"type": "integer", "enum": ["a"]}, ("type", "enum")),
        ({"type": "string", "pattern": "^a", "const": "b"}, ("pattern", "const")),
        ({"type": "string", "format": "date", "const": "x"}, ("format", "const")),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, ("allOf",)),
        ({"type": "string", "pattern": "^[a-z]{5}$", "maxLength": 3}, ("pattern", "maxLength")),
        ({"type": "string", "pattern": "[a-z]{5}", "maxLength": 3}, ("pattern", "maxLength")),
        ({"type": "string", "pattern": "^[a-z]{2,5}$", "minLength": 6}, ("pattern", "minLength")),
        ({"type": "string", "pattern": "^[a-z]+$", "format": "date"}, ("pattern", "format")),
        (
            {"type": "string", "pattern": "^(?:\\w|[^@]){2,}$", "format": "email"},
            ("pattern", "format"),
        ),
        ({"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#"}}}, None),
        ({"type": "array", "minItems": 1, "items": {"$ref": "#"}}, None),
        ({"const": 1, "not": {"type": "integer"}}, ("const", "not")),
        ({"type": "array", "contains": {"type": "null"}, "items": {"type": "string"}}, None),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, None),
        ({"type": "object", "required": ["a"], "propertyNames": {"pattern": "^b"}}, None),
    ],
)
def test_what_contradicts_is_as_little_as_can_be(
    schema: dict[str, Any], keywords: tuple[str, ...] | None
) -> None:
    (empty,) = empty_parts(schema)
    assert empty.always
    assert empty.path == ()
    if keywords is None:
        keywords = tuple(schema)
    assert set(empty.keywords) <= set(keywords) | {"type"}
    assert len(empty.keywords) > 1 or keywords == ("allOf",)


@pytest.mark.parametrize(
    ("schema", "path", "way", "always"),
    [
        (
            {"type": "object", "required": ["a"], "properties": {"a": NUMBER}},
            ("properties", "a"),
            ("a",),
            True,
        ),
        ({"type": "object", "properties": {"a": NUMBER}}, ("properties", "a"), ("a",), False),
        ({"required": ["a"], "properties": {"a": NUMBER}}, ("properties", "a"), ("a",), False),
        ({"type": "array", "items": NUMBER}, ("items",), ("[]",), False),
        ({"type": "array", "minItems": 1, "items": NUMBER}, ("items",), ("[]",), True),
        ({"anyOf": [NUMBER, {"type": "null"}]}, ("anyOf", 0), (), False),
        ({"anyOf": [NUMBER]}, ("anyOf", 0), (), True),
        ({"$ref": "#/$defs/N", "title": "x", "$defs": {"N": NUMBER}}, ("$ref",), (), True),
    ],
)
def test_the_innermost_place_is_named(
    schema: dict[str, Any], path: tuple[str | int, ...], way: tuple[str, ...], always: bool
) -> None:
    (empty,) = empty_parts(schema)
    assert (empty.path, empty.way, empty.always) == (path, way, always)


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"not": {}},
        {"type": "object", "properties": {"a": False, "b": {"not": {}}}},
        {"if": {"const": 1}, "then": {"type": "integer"}, "else": False},
        {"type": "object", "required": ["a"], "properties": {"b": {}}},
        {"$defs": {"N": NUMBER}, "type": "string"},
        {"type": "string", "pattern": "^[a-z]{5}$", "maxLength": 5, "minLength": 5},
        {"type": "string", "pattern": "^[a-z]{2}|[a-z]{5}$", "minLength": 9},
        {"type": "string", "pattern": "[a-z]{2}$", "minLength": 9},
        {"type": "string", "pattern": "[a-z]+$", "format": "email"},
        {"type": "string", "pattern": "^\\d{4}-[\\d-]{5}$", "format": "date"},
        {"type": "string", "pattern": "^\\S+$", "format": "email"},
        {"type": "string", "pattern": "^[^a]+$", "format": "uuid"},
        {"type": "string", "pattern": "^\\d.*\\d$", "format": "ipv4"},
        {"type": "string", "pattern": "^[a-z]+$", "format": "word"},
        {"pattern": "^[a-z]{5}$", "maxLength": 3},
        {
            "type": "object",
            "required": ["n"],
            "properties": {"n": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        },
        {
            "$defs": {"N": {"type": "string"}},
            "type": "object",
            "required": ["n"],
            "properties": {"n": {"$ref": "#/$defs/N"}},
        },
        {"type": "object", "properties": {"again": {"$ref": "#"}}},
    ],
)
def test_what_is_meant_or_can_be_satisfied_is_let_pass(schema: Any) -> None:
    assert empty_parts(schema) == []


@settings(max_examples=200, deadline=None)
@given(schemas, values)
def test_what_some_value_satisfies_is_never_called_empty(schema: Any, value: Any) -> None:
    if compile_schema(schema).fits(value):
        assert not any(empty.always for empty in empty_parts(schema))


def test_references_that_lead_on_and_on_are_not_followed_to_their_end() -> None:
    ring = {f"d{n}": {"properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(1_500)}
    assert empty_parts({"$defs": {**ring, "d1500": {"enum": []}}, "$ref": "#/$defs/d0"}) == []


def test_a_choice_of_nothing_is_empty() -> None:
    (empty,) = empty_parts({"enum": []})
    assert empty.keywords == ("enum",)
