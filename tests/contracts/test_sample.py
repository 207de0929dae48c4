"""Values drawn for a schema."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.resolve import ContractError
from agentflow.contracts.sample import NoSample, sample

FITTING: list[Any] = [
    True,
    {},
    {"type": "null"},
    {"type": ["integer", "null"]},
    {"const": {"a": [1]}},
    {"enum": [1, "a", None], "type": "string"},
    {"type": "string", "minLength": 40, "maxLength": 45},
    {"type": "string", "maxLength": 0},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{3,5}$"},
    {"type": "string", "pattern": "^(?<year>\\p{N}{4})\\p{Lu}\\p{L}$", "minLength": 6},
    {"type": "string", "pattern": "a+", "minLength": 5, "maxLength": 30},
    {"type": "string", "pattern": "^[\\d.]{5}[\\p{Lu}\\-]{3}[(?<]\\[\\p{L}$"},
    {"type": "string", "pattern": "\\S", "minLength": 40, "maxLength": 40},
    {"type": "string", "pattern": "^https://", "minLength": 60},
    {"type": "string", "pattern": "[.!?]$", "minLength": 60},
    {"type": "string", "pattern": "^[^<>]+$", "minLength": 500, "maxLength": 4000},
    {"type": "string", "pattern": "^[a-z]+$", "minLength": 2_000},
    {"type": "string", "pattern": "^([a-z]+ )+$", "minLength": 1_000},
    {"type": "string", "pattern": "^[a-z]{200,}$"},
    {"type": "string", "pattern": "^[a-z]+( [a-z]+){5}$", "maxLength": 20},
    {"type": "integer", "exclusiveMinimum": 10, "maximum": 30, "multipleOf": 7},
    {"type": "integer", "multipleOf": 2.5, "minimum": 1},
    {"type": "integer", "maximum": -1000},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"type": "number", "minimum": 0.3, "maximum": 0.3},
    {"type": "number", "minimum": 10**30},
    {"type": "number", "multipleOf": 0.01},
    {"type": "array", "minItems": 2, "items": {"type": "boolean"}, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "null"}, {"const": 1}], "items": False},
    {"type": "array", "prefixItems": [{"const": 1}, False]},
    {"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}, "minContains": 2},
    {"type": "object", "required": ["a", "b"], "properties": {"a": {"const": 1}}},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3},
    {"patternProperties": {"^x_": {"type": "null"}}, "additionalProperties": False, "minProperties": 2},
    {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2},
    {"type": "object", "properties": {"a": True, "b": False}, "maxProperties": 1},
    {"required": ["a"], "dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"required": ["c"]}}},
    {"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "maximum": 4}]},
    {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"a": {"minimum": 5}}}]},
    {"anyOf": [{"type": "string"}, False, {"type": "integer"}], "type": "integer"},
    {"oneOf": [{"type": "integer"}, {"type": "number", "multipleOf": 0.5}]},
    {"not": {"type": "string"}},
    {"type": "string", "not": {"enum": ["", "a"]}},
    {"type": "object", "properties": {"a": {"enum": [1, 2]}, "b": True, "c": True}, "required": ["a"],
     "if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
    {"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {
        "leaves": {"type": "array", "items": {"$ref": "#/$defs/tree"}}, "name": {"type": "string"}}}}},
    *({"type": "string", "format": name} for name in (
        "date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference",
        "uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex", "iri", "idn-email", "currency")),
]  # fmt: skip


@pytest.mark.parametrize("schema", FITTING, ids=str)
def test_a_sample_fits(schema: Any) -> None:
    checker = compile_schema(schema)
    for seed in range(10):
        assert checker.check(sample(schema, seed)) == ()


def test_a_sample_is_the_same_for_the_same_seed_on_every_machine() -> None:
    schema = {
        "type": "object",
        "required": ["summary", "score", "kind"],
        "properties": {
            "summary": {"type": "string"},
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "kind": {"enum": ["refund", "question", "abuse"]},
            "day": {"type": "string", "format": "date"},
        },
    }
    assert sample(schema, "run-1/classify/1") == {
        "summary": "simulated text e0",
        "score": 0.01,
        "kind": "refund",
        "day": "2026-06-13",
    }
    assert sample(schema, 7) == sample(schema, "7")


def test_what_is_drawn_for_a_pattern_does_not_depend_on_the_process() -> None:
    program = (
        "from agentflow.contracts.sample import sample;"
        r"print([sample({'pattern': p}, 1) for p in (r'^[^<>]{9}$', r'^\W{9}$', r'^[\W\d]{9}$')])"
    )
    drawn = {
        subprocess.check_output(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2")
    }
    assert len(drawn) == 1


def test_seeds_vary_what_comes_out() -> None:
    schema = {"enum": ["refund", "question", "abuse"]}
    assert {sample(schema, seed) for seed in range(20)} == {"refund", "question", "abuse"}


def test_text_says_that_it_is_simulated_where_there_is_room() -> None:
    def texts(**limits: int) -> set[str]:
        return {sample({"type": "string", **limits}, seed) for seed in range(20)}

    assert all(re.fullmatch("simulated text [0-9a-f]{2}", text) for text in texts())
    assert all(re.fullmatch("simulated [0-9a-f]{2}", text) for text in texts(maxLength=12))
    assert all(re.fullmatch("[0-9a-f]{2}", text) for text in texts(maxLength=3))
    assert all(text.startswith("simulated text simulated") for text in texts(minLength=50))


def test_optional_properties_are_mostly_there() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "null"}}}
    assert 60 <= sum("a" in sample(schema, seed) for seed in range(100)) <= 95


def test_recursion_ends_soon() -> None:
    schema = {
        "type": "object",
        "required": ["left", "right"],
        "properties": {
            side: {"anyOf": [{"$ref": "#"}, {"type": "null"}]} for side in ("left", "right")
        },
    }
    assert all(len(json.dumps(sample(schema, seed))) < 2_000 for seed in range(30))


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (False, "no value found that fits the contract: nothing is allowed in one place"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no value found that fits the contract: no number from 5 to 4 fits"),
        ({"enum": [1], "type": "string"}, "no value found that fits the contract: no value of an 'enum' fits"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, "no value found that fits the contract: no type is left in one place"),
        ({"type": "array", "items": {"const": 1}, "uniqueItems": True, "minItems": 2}, "no value found that fits the contract: not enough items that differ were found"),
        ({"type": "string", "pattern": "^a$", "minLength": 2}, "no value found that fits the contract: no text found that matches ^a$ and has a fitting length"),
        ({"type": "string", "pattern": "a{9000}"}, "no value found that fits the contract: the pattern a{9000} asks for too long a text"),
        ({"type": "string", "pattern": "\\p{Greek}"}, "no value found that fits the contract: no text can be drawn for the pattern \\p{Greek}"),
        ({"type": "array", "minItems": 5_000}, "no value found that fits the contract: no list of at least 5000 items can be drawn"),
        ({"type": "null", "not": {"const": None}}, 'no value found that fits the contract: expected anything but {"const": null}, found null'),
        ({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}, "no value found that fits the contract: the value gets too large or too deep"),
        ({"$ref": "#"}, "no value found that fits the contract: alternatives or references in each other without end"),
    ],
)  # fmt: skip
def test_no_sample(schema: Any, message: str) -> None:
    with pytest.raises(NoSample) as caught:
        sample(schema, 1)
    assert caught.value.message == message


def test_a_schema_that_is_none() -> None:
    with pytest.raises(ContractError, match=r"^not a valid schema: "):
        sample({"type": 1}, 1)
