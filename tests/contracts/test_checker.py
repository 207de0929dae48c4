"""What is said about a value that breaks its contract."""

from typing import Any

import pytest

from agentflow.contracts.checker import Violation, compile_schema
from agentflow.contracts.resolve import ContractError
from agentflow.spec.model import Json

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "order_id"],
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": ["refund", "question"]},
        "order_id": {"type": "string", "pattern": "^[0-9]{6}$"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "legs": {
            "type": "array",
            "items": {"type": "object", "properties": {"date": {"format": "date"}}},
        },
    },
}
SHAPES: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"shape": {"const": "circle"}, "radius": {"type": "number"}},
            "required": ["shape", "radius"],
        },
        {"$ref": "#/$defs/group"},
        {"type": "null"},
    ],
    "$defs": {
        "group": {
            "type": "object",
            "properties": {
                "shape": {"const": "group"},
                "parts": {"type": "array", "items": {"$ref": "#"}},
            },
            "required": ["shape", "parts"],
        }
    },
}


def said(schema: Any, value: Json) -> list[str]:
    return [str(violation) for violation in compile_schema(schema).check(value)]


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ({"kind": "refund", "order_id": "123456", "confidence": 1}, []),
        ([], ["expected object, found list of 0 items"]),
        (
            {"kind": "refnd", "order_id": 7, "confidense": 0.5},
            [
                (
                    'kind: expected one of "refund" or "question", found string "refnd", '
                    "did you mean 'refund'?"
                ),
                "order_id: expected string, found number 7",
                "unexpected 'confidense', did you mean 'confidence'?",
            ],
        ),
        (
            {"order_id": "12", "confidence": 1.5},
            [
                "missing 'kind'",
                'order_id: expected text that matches ^[0-9]{6}$, found string "12"',
                "confidence: expected at most 1, found number 1.5",
            ],
        ),
        (
            {"kind": "refund", "order_id": "123456", "legs": [{}, {"date": ""}, 3]},
            [
                'legs[1].date: expected a date like 2026-05-01, found string ""',
                "legs[2]: expected object, found number 3",
            ],
        ),
    ],
)
def test_an_order(value: Json, messages: list[str]) -> None:
    assert said(ORDER, value) == messages


def test_the_parts_of_a_violation() -> None:
    (violation,) = compile_schema(ORDER).check({"kind": "refund", "order_id": ["1", "2"]})
    assert violation == Violation(
        path="order_id",
        message="expected string, found list of 2 items",
        expected="string",
        found="list of 2 items",
        excerpt='["1", "2"]',
        keyword="type",
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"shape": "circle"}, "missing 'radius'"),
        ({"shape": "circle", "radius": "2"}, 'radius: expected number, found string "2"'),
        (
            {"shape": "square"},
            'shape: expected one of "circle" or "group", found string "square"',
        ),
        (
            {"shape": "group", "parts": [None, {"shape": "circle", "radius": None}]},
            "parts[1].radius: expected number, found null",
        ),
        ("circle", 'expected object or null, found string "circle"'),
    ],
)
def test_the_nearest_alternative_speaks_for_all(value: Json, message: str) -> None:
    assert said(SHAPES, value) == [message]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": ["integer", "null"]}, 1.5, "expected integer or null, found number 1.5"),
        ({"const": {"a": 1}}, {"a": 2}, "expected {\"a\": 1}, found object with 'a'"),
        ({"enum": [1]}, True, "expected 1, found true"),
        ({"minLength": 3}, "ab", "expected at least 3 characters, found 2 characters"),
        ({"maxLength": 1}, "ab", "expected at most 1 character, found 2 characters"),
        ({"minimum": 3}, 2, "expected at least 3, found number 2"),
        ({"exclusiveMinimum": 3}, 3, "expected more than 3, found number 3"),
        ({"exclusiveMaximum": 3}, 3.5, "expected less than 3, found number 3.5"),
        ({"multipleOf": 0.1}, 0.35, "expected a multiple of 0.1, found number 0.35"),
        ({"minItems": 1}, [], "expected at least 1 item, found 0 items"),
        ({"maxItems": 1}, [1, 2], "expected at most 1 item, found 2 items"),
        (
            {"uniqueItems": True},
            [1, 1.0],
            "expected items that all differ, found an item that is there twice",
        ),
        ({"minProperties": 1}, {}, "expected at least 1 key, found 0 keys"),
        ({"maxProperties": 0}, {"a": 1}, "expected at most 0 keys, found 1 key"),
        ({"format": "email"}, "a", 'expected an email like ada@example.org, found string "a"'),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "missing 'b', which goes with 'a'"),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, "missing 'b'"),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            "the key 'ab' is not allowed: expected at most 1 character, found 2 characters",
        ),
        (
            {"patternProperties": {"^x/": {"type": "string"}}},
            {"x/1": 1},
            '["x/1"]: expected string, found number 1',
        ),
        ({"additionalProperties": {"type": "null"}}, {"a": 1}, "a: expected null, found number 1"),
        ({"prefixItems": [True, {"type": "null"}]}, [1, 2], "[1]: expected null, found number 2"),
        (
            {"prefixItems": [True], "items": False},
            [1, 2],
            "[1]: expected nothing here, found number 2",
        ),
        (
            {"contains": {"type": "null"}, "minContains": 2},
            [None],
            'expected at least 2 of the items to fit {"type": "null"}, found 1',
        ),
        (
            {"contains": {"type": "null"}, "maxContains": 1},
            [None, None],
            'expected at most 1 of the items to fit {"type": "null"}, found 2',
        ),
        ({"not": {"type": "null"}}, None, 'expected anything but {"type": "null"}, found null'),
        (
            {"oneOf": [{"type": "string"}, True, {"minLength": 1}]},
            "a",
            ("expected exactly one alternative to fit, "
            "found a value that fits alternatives 1, 2 and 3"),
        ),
        (
            {"anyOf": [{"const": 1}, {"enum": [2, 3]}]},
            4,
            "expected one of 1, 2 or 3, found number 4",
        ),
        (
            {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 2}},
            "a",
            "expected at least 2 characters, found 1 character",
        ),
        (
            {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 2}},
            1,
            "expected at least 2, found number 1",
        ),
        (
            {"properties": {"a": True}, "unevaluatedProperties": False},
            {"a": 1, "b": 2},
            "unexpected 'b'",
        ),
        (
            {"prefixItems": [True], "unevaluatedItems": False},
            [1, 2],
            "expected no more items, found list of 2 items",
        ),
        (False, 1, "expected nothing here, found number 1"),
        ({"type": "string"}, {1: 2}, "expected a JSON value, but Dict key must be str or str enum. Got 'int'"),
    ],
)  # fmt: skip
def test_every_keyword_has_a_message(schema: Any, value: Json, message: str) -> None:
    assert said(schema, value) == [message]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28 10:00"),
        ("time", "10:00:00Z", "10 o'clock"),
        ("email", "a@b.example", "a.b.example"),
        ("uri", "https://a.example/", "a.example"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::g"),
    ],
)
def test_formats_are_asserted(name: str, good: str, bad: str) -> None:
    checker = compile_schema({"format": name})
    assert checker.check(good) == ()
    assert len(checker.check(bad)) == 1


def test_a_format_that_json_schema_does_not_define_is_a_remark() -> None:
    assert said({"format": "currency"}, "x") == []


def test_messages_are_bounded_in_number() -> None:
    messages = said({"items": {"type": "string"}}, list(range(50)))
    assert messages[:2] == [
        "[0]: expected string, found number 0",
        "[1]: expected string, found number 1",
    ]
    assert messages[20:] == ["and 30 more"]


def test_a_long_list_of_wrong_items_is_not_looked_through() -> None:
    messages = said({"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, [1] * 300_000)
    assert messages[20:] == ["and more"]


def test_excerpts_are_bounded_in_length() -> None:
    (violation,) = compile_schema({"type": "null"}).check({"key" * 50: "value" * 100_000})
    assert violation.excerpt == '{"' + "key" * 25 + "ke…"
    (violation,) = compile_schema({"maxLength": 3}).check("long" * 100_000)
    assert violation.excerpt == '"' + "long" * 19 + "lo…"


def test_recursion_with_alternatives_is_explained_without_blowing_up() -> None:
    alternatives = [
        {"required": [name], "properties": {"next": {"$ref": "#"}}} for name in ("x", "y", "z")
    ]
    value: Json = {}
    for _ in range(150):
        value = {"next": value}
    messages = said({"anyOf": alternatives}, value)
    assert messages[:2] == ["missing 'x'", "next: missing 'x'"]
    assert messages[20:] == ["and 131 more"]


@pytest.mark.parametrize("text", ["a" * 40 + "!", "a" * 100_000 + "!"])
@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(?=(a+)+$)", r"^(a|a)*\1$"])
def test_a_pattern_that_blows_up_elsewhere_ends(pattern: str, text: str) -> None:
    assert len(said({"pattern": pattern}, text)) == 1


def test_equal_schemas_share_a_checker() -> None:
    assert compile_schema({"type": "string"}) is compile_schema({"type": "string"})
    assert compile_schema({"const": 1}) is not compile_schema({"const": True})


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": 3}, "not a valid schema: 3 is not valid under any of the schemas listed in the 'anyOf' keyword"),
        ({"$ref": "#/nowhere"}, "not a valid schema: Pointer '/nowhere' does not exist"),
        ({"$ref": "https://example.org/a"}, "not a valid schema: Resource 'https://example.org/a' is not present in a registry and retrieving it…"),
        ({"$ref": "file:///etc/passwd"}, "not a valid schema: Resource 'file:///etc/passwd' is not present in a registry and retrieving it fa…"),
    ],
)  # fmt: skip
def test_no_schema(schema: Any, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        compile_schema(schema)
    assert caught.value.message == message


def test_a_schema_that_json_cannot_hold() -> None:
    deep: Any = {}
    for _ in range(50_000):
        deep = {"not": deep}
    with pytest.raises(ContractError, match=r"^cannot be written as JSON: maximum recursion depth"):
        compile_schema(deep)
    with pytest.raises(ContractError, match=r"^cannot be written as JSON: Object of type set is"):
        compile_schema({"enum": {1}})
