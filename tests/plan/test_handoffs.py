"""What is said of a producer's schema and a consumer's, part by part."""

import pytest

from agentflow.contracts.keywords import Schema
from agentflow.plan.handoffs import Effort, breaches
from agentflow.plan.schemas import Contract

STRING = {"type": "string"}
BOTH_OPTIONAL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"a": STRING, "b": STRING},
}


def tagged(tag: str, name: str) -> Schema:
    """An object told apart by its tag, with one field of its own."""
    properties = {"t": {"const": tag}, name: STRING}
    return {"type": "object", "required": ["t", name], "properties": properties}


TAGGED = {"oneOf": [tagged("A", "x"), tagged("B", "y")]}
CLOSED = {"oneOf": [{**tagged("A", "x"), "additionalProperties": False}, tagged("B", "y")]}


def said(given: Schema, taken: Schema) -> list[str]:
    """`!` before what can never fit, then the way and both halves of the sentence."""
    return [
        f"{'! ' if found.always else ''}{list(found.way)} {found.found}, {found.wanted}"
        for found in breaches(given, Contract(taken, taken), Effort())
    ]


@pytest.mark.parametrize(
    ("given", "taken", "expected"),
    [
        # Nothing fits.
        (STRING, {"type": "integer"}, "! [] is string, wants integer"),
        ({"type": ["number", "null"]}, STRING, "! [] is null or number, wants string"),
        ({"const": "x"}, {"enum": ["a", "b"]}, '! [] is "x", wants one of "a" or "b"'),
        ({"enum": [1, 2]}, STRING, "! [] is one of 1 or 2, wants string"),
        (
            {"type": "string", "maxLength": 2},
            {"type": "string", "minLength": 4},
            "! [] can never fit (its 'maxLength' is 2), wants at least 4 characters",
        ),
        (
            {"anyOf": [STRING, {"type": "null"}]},
            {"type": "integer"},
            "! [] is null or string, wants integer",
        ),
        (
            {"type": "array", "items": STRING, "minItems": 3},
            {"type": "array", "maxItems": 2},
            "! [] can never fit (its 'minItems' is 3), wants at most 2 items",
        ),
        (
            {"type": "array", "items": STRING, "minItems": 1},
            {"type": "array", "items": {"type": "integer"}},
            "! [-1] is string, wants integer",
        ),
        # Some values do not fit.
        (
            {"anyOf": [STRING, {"type": "null"}]},
            STRING,
            "[] may be null, wants string",
        ),
        (STRING, {"minLength": 1}, "[] may be \"\" (no 'minLength'), wants at least 1 character"),
        (
            {"type": "string", "maxLength": 9},
            {"type": "string", "maxLength": 3},
            "[] may have 4 characters (its 'maxLength' is 9), wants at most 3 characters",
        ),
        ({"enum": ["a", 1]}, STRING, "[] may be 1, wants string"),
        (
            {"type": "array", "items": STRING},
            {"type": "array", "uniqueItems": True},
            (
                "[] may have an item that is there twice (no 'uniqueItems'), "
                "wants items that all differ"
            ),
        ),
        (
            {"type": "object", "properties": {"a": STRING}},
            {"type": "object", "properties": {"a": {"type": "integer"}}},
            "['a'] may be \"\", wants integer",
        ),
        (
            {"type": "object", "properties": {"a": STRING}},
            {"type": "object", "additionalProperties": {"type": "integer"}},
            "['a'] may be \"\", wants integer",
        ),
        (
            {"type": "object", "required": ["a"], "properties": {"a": STRING}},
            {"anyOf": [{"type": "object", "required": ["b"]}, {"type": "null"}]},
            "[] is not sure to have 'b', requires it",
        ),
        (STRING, {"allOf": [{"minLength": 1}, {}]}, None),
        (
            {"type": "object", "allOf": [{"properties": {"a": STRING}}]},
            {"type": "object", "required": ["a"]},
            "[] may lack 'a' (not required), requires it",
        ),
        # What is asked of the whole.
        (
            TAGGED,
            {"oneOf": [tagged("A", "x"), tagged("C", "y")]},
            '[] may be {"t": "B", "y": ""}, wants one of "A" or "C" at \'t\'',
        ),
        (
            {
                "type": "object",
                "required": ["k"],
                "properties": {"k": {"enum": ["a", "b"]}, "x": STRING},
            },
            {
                "type": "object",
                "if": {"properties": {"k": {"const": "a"}}},
                "then": {"required": ["x"]},
            },
            """[] may be {"k": "a"} (its 'required' is ["k"]), wants the key 'x'""",
        ),
        (
            BOTH_OPTIONAL,
            {"type": "object", "dependentRequired": {"a": ["b"]}},
            """[] may be {"a": ""} (no 'dependentRequired'), wants the key 'b'""",
        ),
        (
            BOTH_OPTIONAL,
            {"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}},
            """[] may be {"a": ""} (no 'required'), wants the key 'b'""",
        ),
        (
            BOTH_OPTIONAL,
            {"type": "object", "minProperties": 1},
            "[] may be {} (no 'minProperties'), wants at least 1 key",
        ),
        (
            BOTH_OPTIONAL,
            {"type": "object", "patternProperties": {"^a$": {"type": "integer"}}},
            '[] may be {"a": ""}, wants integer at \'a\'',
        ),
        (
            {**BOTH_OPTIONAL, "required": ["a", "b"]},
            {
                "type": "object",
                "allOf": [{"properties": {"a": STRING}}],
                "unevaluatedProperties": False,
            },
            '! [] can never fit, as with {"a": "", "b": ""}, wants no more keys',
        ),
        (
            {"type": "array", "items": {"enum": [1, 2]}},
            {"type": "array", "contains": {"const": 1}},
            "[] may be [] (no 'contains'), wants at least 1 of the items to fit {\"const\": 1}",
        ),
        (
            {"type": "array", "items": {"enum": [1, 2]}, "minItems": 2},
            {"type": "array", "contains": {"const": 1}, "minContains": 2},
            "[] may be [1, 2] (no 'contains'), wants at least 2 of the items to fit {\"const\": 1}",
        ),
        (
            {"type": "array", "items": STRING},
            {"type": "array", "prefixItems": [STRING], "unevaluatedItems": False},
            '[] may be ["", ""] (no \'unevaluatedItems\'), wants no more items',
        ),
        (
            {
                "allOf": [
                    {"type": "object", "required": ["a"], "properties": {"a": STRING}},
                    {"required": ["b"], "properties": {"b": STRING}},
                ]
            },
            {"type": "object", "required": ["a"], "properties": {"b": {"maxLength": 3}}},
            "['b'] may have 4 characters (no 'maxLength'), wants at most 3 characters",
        ),
        (
            {"type": "object", "additionalProperties": STRING},
            {"type": "object", "required": ["a"], "properties": {"a": STRING}},
            "[] is not sure to have 'a', requires it",
        ),
        (
            {"type": "object", "additionalProperties": STRING},
            {"type": "object", "properties": {"a": {"type": "integer"}}},
            "['a'] may be \"\", wants integer",
        ),
        (
            {"type": "object", "additionalProperties": STRING},
            {"type": "object", "additionalProperties": False, "properties": {"a": STRING}},
            "[] may have fields of any name, takes no such field",
        ),
    ],
)
def test_a_breach(given: Schema, taken: Schema, expected: str | None) -> None:
    if expected is None:
        assert len(said(given, taken)) == 1
    else:
        assert said(given, taken) == [expected]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, STRING),
        ({"description": "whatever"}, {"const": 1}),
        ({"type": "object"}, {"type": "object", "required": ["a"]}),
        ({"type": "array"}, {"type": "array", "items": STRING}),
        (
            {"type": "object", "properties": {"a": {}}},
            {"type": "object", "properties": {"a": STRING}},
        ),
        (
            {"type": "object", "properties": {"a": STRING}},
            {"type": "object", "additionalProperties": False, "patternProperties": {"^a": STRING}},
        ),
        (
            {
                "type": "object",
                "allOf": [{"$ref": "#/$defs/X"}, {"minProperties": 1}],
                "$defs": {"X": {}},
            },
            {"type": "object", "required": ["a"]},
        ),
        (CLOSED, {"oneOf": [tagged("A", "x"), tagged("B", "y"), tagged("C", "z")]}),
        (TAGGED, {"oneOf": [tagged("A", "x"), tagged("B", "y"), tagged("C", "z")]}),
        ({"type": "array"}, {"type": "array", "contains": {"const": 1}}),
        ({"type": "object"}, {"type": "object", "minProperties": 1}),
        (
            {
                "type": "object",
                "properties": {"k": {"enum": ["a", "b"]}, "x": {}},
                "required": ["k"],
            },
            {
                "type": "object",
                "if": {"properties": {"x": {"const": 1}}},
                "then": {"required": ["k"]},
            },
        ),
        (
            {"type": "object", "properties": {"a": STRING}},
            {"type": "object", "patternProperties": {"^x_": {"type": "integer"}}},
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": STRING}},
                    {"properties": {"b": STRING}},
                ]
            },
            {"type": "object", "additionalProperties": False, "properties": {"a": {}, "b": {}}},
        ),
        ({"type": "integer"}, {"type": "number"}),
        (False, STRING),
        ({"oneOf": [STRING, STRING, {"type": "object"}]}, {"type": "object"}),
    ],
)
def test_silence_where_nothing_is_promised_or_all_fits(given: Schema, taken: Schema) -> None:
    assert said(given, taken) == []


def test_pairs_are_searched_until_the_effort_is_spent() -> None:
    effort = Effort(most=2)

    def found(longest: int) -> int:
        taken = {"type": "string", "maxLength": longest}
        return len(list(breaches(STRING, Contract(taken, taken), effort)))

    assert [found(5), found(5), found(6), found(7), found(5)] == [1, 1, 1, 0, 0]
