"""Verdicts on pairs of schemas."""

from typing import Any

import pytest

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.compat import Kind, Verdict, compare, nothing_satisfies
from agentflow.contracts.cost import cost_of
from agentflow.spec.model import Json

DATE = {"type": "string", "format": "date"}
PLAN = {
    "type": "object",
    "required": ["legs"],
    "additionalProperties": False,
    "properties": {
        "legs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["date"],
                "additionalProperties": False,
                "properties": {"date": {"type": "string"}, "note": {"type": "string"}},
            },
        }
    },
}
SEARCH = {
    "type": "object",
    "required": ["legs"],
    "properties": {"legs": {"items": {"properties": {"date": DATE}, "required": ["date"]}}},
}
NODE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "next": {"$ref": "#"}},
}
#: Beyond what the canonical form of the library can hold.
ODD = {"contains": {"const": 1}, "minContains": 1, "maxContains": 3, "unevaluatedItems": False}


@pytest.mark.parametrize(
    ("producer", "consumer"),
    [
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "string", "minLength": 3}, {"type": "string", "minLength": 2}),
        ({"enum": ["a", "b"]}, {"enum": ["c", "b", "a"]}),
        ({"enum": [1, "a"], "type": "string"}, {"type": "string"}),
        ({"const": [1, 1]}, {"not": {"contains": {"const": 1}, "minContains": 3}}),
        (DATE, {"type": "string"}),
        (PLAN, PLAN),
        (NODE, NODE),
        (ODD, ODD),
        (ODD, True),
        (False, ODD),
        (PLAN, {"type": "object", "required": ["legs"]}),
        ({"anyOf": [{"type": "null"}, DATE]}, {"type": ["null", "string"]}),
        (ODD, {"anyOf": [{"type": "null"}, ODD]}),
        ({"allOf": [{"type": "array"}, ODD]}, ODD),
        ({"oneOf": [{"type": "null"}, {"$ref": "#/$defs/odd"}], "$defs": {"odd": ODD}}, {"anyOf": [ODD, {"type": "null"}]}),
        (True, {"anyOf": [ODD, {"not": ODD}]}),
        ({"allOf": [ODD, {"not": ODD}]}, False),
        (
            {"type": "object", "required": ["a"], "properties": {"a": ODD, "b": {"type": "integer"}}, "additionalProperties": False},
            {"type": "object", "properties": {"a": {"anyOf": [ODD, {"type": "null"}]}, "b": {"type": "number"}}},
        ),
        ({"type": "array", "items": ODD, "minItems": 2}, {"type": "array", "items": {"anyOf": [ODD]}, "minItems": 1}),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/d"}}, "$defs": {"d": DATE}}, {"type": "object", "properties": {"a": DATE}}),
    ],
)  # fmt: skip
def test_compatible(producer: Any, consumer: Any) -> None:
    assert compare(producer, consumer) == Verdict(Kind.COMPATIBLE)


@pytest.mark.parametrize(
    ("producer", "consumer", "witness", "path", "keyword", "message"),
    [
        (PLAN, SEARCH, {"legs": [{"date": ""}]}, "legs[0].date", "format", 'legs[0].date: expected a date like 2026-05-01, found string ""'),
        ({"type": "number"}, {"type": "integer"}, 0.5, "", "type", "expected integer, found number 0.5"),
        ({"type": ["string", "null"]}, {"type": "string"}, None, "", "type", "expected string, found null"),
        ({"type": "string"}, {"maxLength": 2}, "sim", "", "maxLength", "expected at most 2 characters, found 3 characters"),
        ({"type": "integer", "minimum": 0}, {"minimum": 1}, 0, "", "minimum", "expected at least 1, found number 0"),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, "b", "", "enum", 'expected "a", found string "b"'),
        ({"type": "object"}, {"required": ["a"]}, {}, "", "required", "missing 'a'"),
        ({"type": "object", "properties": {"a": {}}}, {"additionalProperties": False}, {"simulated_1": ""}, "", "additionalProperties", "unexpected 'simulated_1'"),
        ({"type": "string", "pattern": "^(ab){0,3}$"}, {"pattern": "^(ab)*$", "maxLength": 5}, "ababab", "", "maxLength", "expected at most 5 characters, found 6 characters"),
        (NODE, {"properties": {"value": {"minimum": 1}, "next": {"$ref": "#"}}}, {"value": 0}, "value", "minimum", "value: expected at least 1, found number 0"),
        (True, False, "", "", "false", 'expected nothing here, found string ""'),
    ],
)  # fmt: skip
def test_incompatible(
    producer: Any, consumer: Any, witness: Json, path: str, keyword: str, message: str
) -> None:
    verdict = compare(producer, consumer)
    assert verdict.kind == Kind.INCOMPATIBLE
    assert (verdict.witness, verdict.path, verdict.keyword) == (witness, path, keyword)
    assert str(verdict.violation) == message
    assert compile_schema(producer).check(verdict.witness) == ()


@pytest.mark.parametrize(
    ("producer", "consumer"),
    [
        ({"type": "string", "pattern": "^ba+b$"}, {"pattern": "^b.*b$"}),
        ({"$ref": "https://example.org/a"}, {"type": "string"}),
        ({"type": "strng"}, {"type": "strng"}),
        ({"type": "null"}, {"minimum": "0"}),
        ({"minimum": float("nan")}, {}),
        ({"$ref": "#/nowhere"}, {}),
        (3, {}),
        ({}, None),
        ([], []),
        ({"const": {1, 2}}, {}),
    ],
    ids=str,
)
def test_unknown(producer: Any, consumer: Any) -> None:
    assert compare(producer, consumer) == Verdict(Kind.UNKNOWN)


def test_a_schema_nested_without_measure_is_unknown() -> None:
    schema: dict[str, Any] = {}
    for _ in range(50_000):
        schema = {"items": schema}
    assert compare(schema, schema) == Verdict(Kind.UNKNOWN)


MANY = 14
BRANCHES = [{"anyOf": [{"pattern": f"a{n}"}, {"pattern": f"b{n}"}]} for n in range(MANY)]
CONDITIONS = [{"if": {"required": [f"k{n}"]}, "then": {"required": [f"j{n}"]}} for n in range(MANY)]
NUMBERED = [{"a": number} for number in range(3_000)]


@pytest.mark.parametrize(
    ("producer", "consumer", "kind"),
    [
        # Each of these would keep the library busy for minutes, or fill the memory.
        ({"allOf": BRANCHES}, {"type": "string"}, Kind.INCOMPATIBLE),
        ({"allOf": BRANCHES, "type": "string"}, {"pattern": "."}, Kind.UNKNOWN),
        ({"allOf": CONDITIONS}, {"required": ["z"]}, Kind.INCOMPATIBLE),
        ({"dependentRequired": {f"k{n}": [f"j{n}"] for n in range(MANY)}}, {"required": ["z"]}, Kind.INCOMPATIBLE),
        ({"type": "string", "minLength": 10**10}, {"maxLength": 5}, Kind.INCOMPATIBLE),
        ({"enum": NUMBERED}, {"enum": NUMBERED[1:]}, Kind.INCOMPATIBLE),
        ({"enum": NUMBERED[:1_000]}, {"enum": NUMBERED}, Kind.COMPATIBLE),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_would_cost_too_much_is_decided_by_values_or_left_open(
    producer: Any, consumer: Any, kind: Kind
) -> None:
    assert compare(producer, consumer).kind == kind


def test_emptiness_that_would_cost_too_much_is_left_open() -> None:
    assert nothing_satisfies({"type": "string", "allOf": [{"type": "integer"}]})
    assert not nothing_satisfies({"type": "string", "allOf": [*BRANCHES, {"type": "integer"}]})


def test_what_is_hidden_behind_references_is_counted_too() -> None:
    doubled = {
        f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]}
        for n in range(40)
    }
    schema = {"$ref": "#/$defs/d0", "$defs": {**doubled, "d40": {"pattern": "a"}}}
    assert not cost_of(schema).is_affordable
    assert compare(schema, {"type": "integer"}) == Verdict(Kind.UNKNOWN)


def test_references_out_of_the_schema_leave_it_to_the_library() -> None:
    inner = {"$id": "https://example.org/a", "type": "string"}
    by_address = {"$defs": {"a": inner}, "$ref": "https://example.org/a"}
    assert compare(by_address, {"type": "string"}).kind == Kind.COMPATIBLE
    assert compare(by_address, {"type": "null"}) == Verdict(Kind.INCOMPATIBLE)
