"""What is said about something that is no schema."""

from typing import Any

import pytest

from agentflow.contracts.keywords import Path
from agentflow.contracts.resolve import check_schema

TYPES = "the types are array, boolean, integer, null, number, object and string"


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": ["string", "null"], "maxLength": 2.0, "format": "anything", "x-own": 3},
        {"enum": [{"type": "strng"}], "const": {"required": 3}, "default": {"items": 3}},
        {"properties": {"type": {"const": "x"}, "required": True}, "required": []},
        {"$defs": {"a": {"$ref": "#/$defs/b"}}, "$schema": "https://json-schema.org/draft/2020-12/schema"},
    ],
)  # fmt: skip
def test_a_schema(schema: Any) -> None:
    assert check_schema(schema) == []


@pytest.mark.parametrize(
    ("schema", "path", "message", "help_"),
    [
        ({"type": "strng"}, ("type",), "'strng' is not a type", "did you mean 'string'?"),
        ({"type": "bool"}, ("type",), "'bool' is not a type", "did you mean 'boolean'?"),
        ({"type": ["null", "date"]}, ("type",), "'date' is not a type", TYPES),
        ({"type": {}}, ("type",), "'type' must be a type or a list of types, found empty object", None),
        ({"type": []}, ("type",), "'type' must name at least one type, found an empty list", None),
        ({"type": ["null", "null"]}, ("type",), "'type' names a type twice", None),
        ({"required": "name"}, ("required",), "'required' must be a list of names, found string \"name\"", "write required: [name]"),
        ({"properties": {"a": {"required": True}}}, ("properties", "a", "required"), "'required' must be a list of names, found true", "name what is required beside 'properties': required: [name]"),
        ({"required": ["a", 1]}, ("required", 1), "'required' must be a list of names, found number 1 in it", None),
        ({"required": ["a", "a"]}, ("required", 1), "'required' names 'a' twice", None),
        ({"dependentRequired": ["a"]}, ("dependentRequired",), "'dependentRequired' must be an object, found list of 1 item", None),
        ({"dependentRequired": {"a": "b"}}, ("dependentRequired", "a"), "'a' must be a list of names, found string \"b\"", "write a: [b]"),
        ({"properties": ["a"]}, ("properties",), "'properties' must be an object with a schema a name, found list of 1 item", None),
        ({"properties": {"a": "string"}}, ("properties", "a"), "'a' must be a schema, found string \"string\"", "write {type: string}"),
        ({"properties": {"a": "text"}}, ("properties", "a"), "'a' must be a schema, found string \"text\"", None),
        ({"items": [{}]}, ("items",), "'items' must be a schema, found list of 1 item", "schemas by position are 'prefixItems' in JSON Schema 2020-12"),
        ({"anyOf": []}, ("anyOf",), "'anyOf' must be a list of at least one schema, found an empty list", None),
        ({"anyOf": {}}, ("anyOf",), "'anyOf' must be a list of at least one schema, found empty object", None),
        ({"minLength": -1}, ("minLength",), "'minLength' must be a whole number from 0 on, found number -1", None),
        ({"maxItems": "3"}, ("maxItems",), "'maxItems' must be a whole number from 0 on, found string \"3\"", "write 3 without quotes"),
        ({"minimum": None}, ("minimum",), "'minimum' must be a number, found null", None),
        ({"exclusiveMinimum": True}, ("exclusiveMinimum",), "'exclusiveMinimum' must be a number, found true", "write the limit itself: exclusiveMinimum: 0"),
        ({"multipleOf": 0}, ("multipleOf",), "'multipleOf' must be a number above 0, found number 0", None),
        ({"enum": list(range(10_001))}, ("enum",), "'enum' lists 10,001 values, and 10,000 are the most", "say what they have in common with 'pattern', and look them up in a step"),
        ({"enum": "a"}, ("enum",), "'enum' must be a list of values, found string \"a\"", None),
        ({"uniqueItems": 1}, ("uniqueItems",), "'uniqueItems' must be true or false, found number 1", None),
        ({"format": 1}, ("format",), "'format' must be a text, found number 1", None),
        ({"pattern": "["}, ("pattern",), "'[' is not a regular expression", None),
        ({"pattern": 1}, ("pattern",), "'pattern' must be a regular expression, found number 1", None),
        ({"patternProperties": {"(": True}}, ("patternProperties", "("), "'(' is not a regular expression", None),
        ({"$defs": {"a": {"not": 3}}}, ("$defs", "a", "not"), "'not' must be a schema, found number 3", None),
        ({"$anchor": "a b"}, ("$anchor",), '"a b" does not match "^[A-Za-z_][-A-Za-z0-9._]*$"', None),
        ({"properties": {1: {}}}, ("properties",), "the key 1 must be a text", "quote it"),
        ({"properties": {"\ud800": {}}}, (), "cannot be written as JSON: 'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not all…", None),
        ({1: 2}, (), "the key 1 must be a text", "quote it"),
        (3, (), "must be a schema, found number 3", None),
        (None, (), "must be a schema, found null", None),
    ],
)  # fmt: skip
def test_no_schema(schema: Any, path: Path, message: str, help_: str | None) -> None:
    problems = [(p.path, p.message, p.help) for p in check_schema(schema)]
    assert problems == [(path, message, help_)]


def test_all_problems_are_told_outer_places_first() -> None:
    problems = check_schema(
        {"properties": {"a": {"type": "txt"}, "b": {"maxLength": "1"}}, "required": "a"}
    )
    assert [problem.path for problem in problems] == [
        ("required",),
        ("properties", "a", "type"),
        ("properties", "b", "maxLength"),
    ]
