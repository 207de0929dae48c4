"""What is taken from an agent's text, and what is refused with which reason."""

import json
from typing import Any

import pytest

from agentflow.contracts.check import Accepted, Rejected, read_output
from agentflow.contracts.strict import Limits
from agentflow.contracts.violations import Violation
from agentflow.spec.model import Json

OBJECT = {"type": "object"}
ARRAY = {"type": "array"}
ANY: dict[str, Any] = {}


@pytest.mark.parametrize(
    "text",
    ['{"a": [1, 2.5, -3e2, true, null, "x"]}', " [ ] ", "3", '"a```b"', "\n\t{}\r\n", "-0.5", "null"],
)  # fmt: skip
def test_json_is_taken_as_it_is(text: str) -> None:
    assert read_output(text, ANY) == Accepted(json.loads(text))


def test_integers_are_exact() -> None:
    assert read_output("[12345678901234567890123]", ANY) == Accepted([12345678901234567890123])


@pytest.mark.parametrize(
    ("text", "schema", "value", "unwrapped"),
    [
        ('```json\n{"a": 1}\n```', ANY, {"a": 1}, "7 before and 3 characters after the value"),
        ('```\n{"a": 1}', ANY, {"a": 1}, "3 before and 0 characters after the value"),
        ('````{"a": 1}```', ANY, {"a": 1}, "4 before and 3 characters after the value"),
        ('Here it is:\n{"a": "} ]"}\nBye.', ANY, {"a": "} ]"}, "11 before and 4 characters after the value"),
        ('The answer is {"a": 1}.', OBJECT, {"a": 1}, "13 before and 1 character after the value"),
        ('/* note */ {"a": 1} // end', ANY, {"a": 1}, "10 before and 6 characters after the value"),
        ('render({"a": 1});', ANY, {"a": 1}, "7 before and 2 characters after the value"),
        ('<answer>{"a": 1}</answer>', ANY, {"a": 1}, "8 before and 9 characters after the value"),
        ('- {"a": 1}', ANY, {"a": 1}, "1 before and 0 characters after the value"),
        ('{"a": 1}}', ANY, {"a": 1}, "0 before and 1 character after the value"),
        ('```json\n[1]]\n```', ARRAY, [1], "7 before and 5 characters after the value"),
        ("[TOOL_CALLS] [1]", ARRAY, [1], "12 before and 0 characters after the value"),
        ('- [x] done, see [the log](a.txt)[^1]\n[1]', ARRAY, [1], "36 before and 0 characters after the value"),
        ("The answer, as I see it, is [7].", ARRAY, [7], "27 before and 1 character after the value"),
        ('{"a": 1},', ANY, {"a": 1}, "0 before and 1 character after the value"),
        ('\ufeff{"a": 1}', ANY, {"a": 1}, "a byte order mark"),
        ("Sure:\n```json\n42\n```\nDone.", ANY, 42, "a fence around the value"),
        ('As [1] and [2, 3] say: {"a": 1}', OBJECT, {"a": 1}, "22 before and 0 characters after the value"),
        ('[INFO] see [the page](x), not a[0]: {"a": 1}', OBJECT, {"a": 1}, "35 before and 0 characters after the value"),
        ('- [ ] open\n- [x] done\n{"a": 1}', OBJECT, {"a": 1}, "21 before and 0 characters after the value"),
        ('Dear {name}, {{user}}: {"a": 1}', OBJECT, {"a": 1}, "22 before and 0 characters after the value"),
        ('{"a": 1} comes from [1, 2].', OBJECT, {"a": 1}, "0 before and 18 characters after the value"),
        ("The list:\n[1, 2]\n", ARRAY, [1, 2], "9 before and 0 characters after the value"),
    ],
)  # fmt: skip
def test_one_value_is_unwrapped(text: str, schema: Any, value: Json, unwrapped: str) -> None:
    assert read_output(text, schema) == Accepted(value, unwrapped)


@pytest.mark.parametrize(
    ("text", "schema", "reason"),
    [
        ("", ANY, "the answer is empty"),
        (" \n", ANY, "the answer is empty"),
        ("\ufeff", ANY, "the answer is empty"),
        ("\ufeff \n", ANY, "the answer is empty"),
        ("I cannot do that.", ANY, "not JSON: a value is expected at line 1 column 1, where 'I cannot do that.' stands"),
        ('{"a": 1', ANY, "not JSON: '{' at line 1 column 1 is never closed; looks cut"),
        ('\x1b[31mred\x1b[0m', ANY, "not JSON: it has control sequences for a terminal, the first at line 1 column 1"),
        ('{"a": 1}\n\x1b[2K{"b', ANY, "not JSON: it has control sequences for a terminal, the first at line 2 column 1"),
        ('[{"a": 1},\n{"b"', ANY, "not JSON: '[' at line 1 column 1 is never closed; looks cut"),
        ('Here:\n{"a": [1, 2}', ANY, "not JSON: '}' at line 2 column 12 closes another bracket"),
        ('"cut', ANY, "not JSON: a string has no end at line 1 column 1, where '\"cut' stands"),
        ("```json\n42", ANY, "not JSON: a value is expected at line 1 column 1, where '```json\\u000a42' stands"),
        ('{"a": 1}{"a": 1}', ANY, "more than one JSON value: they begin at line 1 column 1 and at line 1 column 9"),
        ('{"a": 1}\nor\n{"a": 2}', OBJECT, "more than one JSON value: they begin at line 1 column 1 and at line 3 column 1"),
        ("<answer>[]</answer> <answer>[0]</answer>", ARRAY, "more than one JSON value: they begin at line 1 column 9 and at line 1 column 29"),
        ('{"a": 1} []', OBJECT, "more than one JSON value: they begin at line 1 column 1 and at line 1 column 10"),
        ('{"a": 1}\n42', OBJECT, "more than one JSON value: one stands beside the list or object"),
        ('"x" {"a": 1}', OBJECT, "more than one JSON value: one stands beside the list or object"),
        ('["x"] or so', OBJECT, "the only JSON value in the text is of type list, not object"),
        ('{"a": 1} or so', {"type": ["string", "array"]}, "the only JSON value in the text is of type object, not array or string"),
        ("{'a': {\"b\": 1}}", OBJECT, "not JSON: a key in double quotes is expected at line 1 column 2, where ''a': {\"b\": 1}}' stands"),
        ('{"a": [1, 2,], "b": {"c": 1}}', OBJECT, "not JSON: a value is expected at line 1 column 13, where '], \"b\": {\"c\": 1}}' stands"),
        ('So: {"a": 1, // no\n"b": {}}', OBJECT, "in the value that begins at line 1 column 5: not JSON: a key in double quotes is expected at line 1 column 10, where '// no\\u000a\"b\": {}}' stands"),
        ('"b": {"c": 1}', OBJECT, "not JSON: a key stands outside of the value; looks cut or damaged"),
        ('{"a": 1}, "b": 2}', OBJECT, "not JSON: a key stands outside of the value; looks cut or damaged"),
        ('1], {"a": 1}', OBJECT, "not JSON: ']' at line 1 column 2 closes nothing; looks damaged"),
        ('done, true, {"a": 1}', OBJECT, "not JSON: the value follows another one and a comma; looks cut"),
        ('{"a": 1}, b: 2', OBJECT, "not JSON: more data follows the value; looks cut or damaged"),
        ("Final answer: [5] (I rejected [3, 4])", ARRAY, "more than one JSON value: they begin at line 1 column 15 and at line 1 column 31"),
        ("The ids are [7], not [3, 4].", ARRAY, "more than one JSON value: they begin at line 1 column 13 and at line 1 column 22"),
        ("[7] is right; [8, 9] is wrong", ARRAY, "more than one JSON value: they begin at line 1 column 1 and at line 1 column 15"),
        ("Primary: [1]. Backup: [3, 4]", ARRAY, "more than one JSON value: they begin at line 1 column 10 and at line 1 column 23"),
        ("It is ids[7], not [3, 4].", ARRAY, "more than one JSON value: they begin at line 1 column 10 and at line 1 column 19"),
        ('Final: [red], not ["blue"]', ARRAY, "in the value that begins at line 1 column 8: not JSON: a value is expected at line 1 column 2, where 'red]' stands"),
        ("Pages [3-4], or [5]", ARRAY, "in the value that begins at line 1 column 7: not JSON: a comma or the end is expected at line 1 column 3, where '-4]' stands"),
        ('[1] {"a": 1}', ARRAY, "more than one JSON value: they begin at line 1 column 1 and at line 1 column 5"),
        ('{"a": 1} or {"a": 2}', ARRAY, "each JSON value in the text is of type object, not array"),
        (", [1, 2]]", ARRAY, "not JSON: the value follows another one and a comma; looks cut"),
        ('{"a": 1}]', OBJECT, "not JSON: ']' at line 1 column 9 closes nothing; looks damaged"),
        ('{"a": 1}]}', OBJECT, "not JSON: ']' at line 1 column 9 closes nothing; looks damaged"),
        ('{"a": 1}}]}', OBJECT, "not JSON: '}' at line 1 column 9 closes nothing; looks damaged"),
        ('So: {"a": 1}}', OBJECT, "not JSON: '}' at line 1 column 13 closes nothing; looks damaged"),
        ('{"a": 1}\n[truncated]', OBJECT, "not JSON: the text goes on after the value and was shortened; looks cut"),
        ('{"a": 1}\n(output truncated)', OBJECT, "not JSON: the text goes on after the value and was shortened; looks cut"),
        ('{"a": 1} ...', OBJECT, "not JSON: the text goes on after the value and was shortened; looks cut"),
        ('"he said {"a": 1} to me"', OBJECT, "not JSON: the value stands inside quotes"),
        ('The answer is {"a": 1}', ANY, "not JSON: a value stands in a sentence, and the contract admits text too"),
        ("The answer is true", {"type": "boolean"}, "not JSON: a value is expected at line 1 column 1, where 'The answer is true' stands"),
        ('{\\"a\\": 1}', OBJECT, "not JSON: '{' at line 1 column 1 is never closed; looks cut"),
        ('{"a": "line\nbreak"}', OBJECT, "not JSON: a line break or other control character in a string at line 1 column 12, where '\\u000abreak\"}' stands"),
        ('{"a" 1}', OBJECT, "not JSON: a colon is expected at line 1 column 6, where '1}' stands"),
        ('{"a": 01}', OBJECT, "not JSON: a comma or the end is expected at line 1 column 8, where '1}' stands"),
        ('"\\u26"', ANY, "not JSON: an escape of fewer than four digits at line 1 column 3, where 'u26\"' stands"),
        ('"\\x"', ANY, "not JSON: an escape that JSON does not have at line 1 column 2, where '\\x\"' stands"),
    ],
)  # fmt: skip
def test_everything_else_is_rejected(text: str, schema: Any, reason: str) -> None:
    assert read_output(text, schema) == Rejected(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "NaN is not a JSON value"),
        ('{"a": -Infinity}', "-Infinity is not a JSON value"),
        ('{"a": 1e999}', "the number 1e999 is too large"),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice, with different values"),
        ('{"a": 1, "a": true}', "the key 'a' is there twice, with different values"),
        ('{"a": "\\ud800"}', "a string holds half of a surrogate pair (a '\\u' escape without its partner)"),
        ('{"\\udc00": 1}', "a string holds half of a surrogate pair (a '\\u' escape without its partner)"),
        ('"\ud800"', "a string holds half of a surrogate pair (a '\\u' escape without its partner)"),
        ("1" * 5_000, "a number of 5000 characters, at most 1000 are read"),
        ("[0." + "1" * 5_000 + "]", "a number of 5002 characters, at most 1000 are read"),
        ("[" * 100_000 + "]" * 100_000, "nested too deep: at most 200 levels are read"),
        ('{"a":' * 100_000, "nested too deep: at most 200 levels are read"),
        ("so " + "[" * 100_000, "nested too deep: at most 200 levels are read"),
        ('"' + "x" * 9_000_000 + '"', "too long: 9000002 characters, at most 8388608 are read"),
    ],
)  # fmt: skip
def test_json_that_cannot_be_kept_is_rejected(text: str, reason: str) -> None:
    assert read_output(text, ANY) == Rejected(reason)


def test_a_key_twice_with_one_value_says_the_same_to_every_reader() -> None:
    assert read_output('{"a": [1], "a": [1]}', ANY) == Accepted({"a": [1]})


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert read_output('"\\ud83d\\ude00"', ANY) == Accepted("😀")


def test_limits_are_the_callers() -> None:
    limits = Limits(size=20, depth=2, digits=3)
    assert read_output("[[123]]", ANY, limits) == Accepted([[123]])
    assert read_output("[[[1]]]", ANY, limits) == Rejected(
        "nested too deep: at most 2 levels are read"
    )
    assert read_output("1234", ANY, limits) == Rejected(
        "a number of 4 characters, at most 3 are read"
    )
    assert read_output(" " * 21, ANY, limits) == Rejected(
        "too long: 21 characters, at most 20 are read"
    )


@pytest.mark.parametrize("depth", [200, 201])
def test_depth_is_counted_outside_of_strings(depth: int) -> None:
    text = "[" * depth + '"' + "[" * 300 + '\\""' + "]" * depth
    assert isinstance(read_output(text, ANY), Accepted) == (depth == 200)


@pytest.mark.parametrize(
    "unit",
    ["[1] ", "{x} ", '"', "```\n", "[]", "[a", '\\"', "} ", '" ', "/*", "<a", "a.", ", ", "[x](x)"],
)
def test_hostile_prose_ends_soon(unit: str) -> None:
    text = unit * (2_000_000 // len(unit)) + '{"a": 1} x'
    assert isinstance(read_output(text, ANY), Rejected)


def test_a_value_that_breaks_its_contract_is_rejected_with_violations() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    assert read_output('```json\n{"a": 1}\n```', schema) == Rejected(
        "the value breaks its contract: a: expected string, found number 1",
        (
            Violation(
                path="a",
                message="expected string, found number 1",
                expected="string",
                found="number 1",
                excerpt="1",
                keyword="type",
            ),
        ),
    )
    answer = read_output("[1, 2, 3]", {"items": {"type": "string"}})
    assert isinstance(answer, Rejected)
    assert answer.reason == (
        "the value breaks its contract: [0]: expected string, found number 1 (and 2 more)"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Dear Ms. Li,\n[1] thank you.\n", "Dear Ms. Li,\n[1] thank you."),
        ('He said "no".', 'He said "no".'),
        ('"quoted"', "quoted"),
        ('"Hello" she said', '"Hello" she said'),
        ('"Hello," she said, "and goodbye."\n', '"Hello," she said, "and goodbye."'),
        ('"Yes", he said.\n\n"No."', '"Yes", he said.\n\n"No."'),
        ("[draft] text", "[draft] text"),
        ("[1] says so, and [link](a/b) too", "[1] says so, and [link](a/b) too"),
        ("{name}, thank you", "{name}, thank you"),
        ("```python\nprint(1)\n```\n", "```python\nprint(1)\n```"),
        ('```python\nx = {"a": [1]}\n```', '```python\nx = {"a": [1]}\n```'),
        ("```c++ x.cc\n{}\n```\nas said", "```c++ x.cc\n{}\n```\nas said"),
        ("````md\n```sh\nls\n```\n````", "````md\n```sh\nls\n```\n````"),
    ],
)
def test_words_are_a_string_where_nothing_else_is_taken(text: str, value: str) -> None:
    assert read_output(text, {"type": "string", "minLength": 1}) == Accepted(value)
    assert isinstance(read_output("so be it", {"type": ["string", "null"]}), Rejected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("42", "the value breaks its contract: expected string, found number 42"),
        (
            "```python\nprint(1)",
            "not JSON: a value is expected at line 1 column 1, where '```python\\u000aprint(1)' stands",
        ),
        (
            "```\nDear Ada\n```",
            "not JSON: a value is expected at line 1 column 1, where 'Dear Ada' stands",
        ),
    ],
)
def test_where_text_is_asked_for_it_is_said_how_to_give_what_looks_like_json(
    text: str, reason: str
) -> None:
    told = read_output(text, {"type": "string"})
    assert isinstance(told, Rejected)
    assert told.reason == (
        f"{reason}; a text that is JSON or begins like it has to be written as a JSON string"
    )


@pytest.mark.parametrize(
    "text",
    [
        *("```python\nprint(1)", "```py\n```sh\n1", '```json\n{"a": 1}\n```', "```js\n1 +\n```"),
        *("", " \n", '"cut', '{"a": "cut', "[1, 2", '```json\n"cut', "\x1b[1mbold", "half \ud800"),
        *('"one" "two"', '"a", "b"', '"key": "value"', '"key": value', '"cut, "she said', '"a"b'),
        *('"He said "hi" to me"', '""Hi" he said"', '"an \\"escape\\"" is none', '"Hi" and "cut'),
        *('"the answer"\n\nLet me know.', "[draft]", "[draft, text]", '["a"] and more', "[a] {b"),
        '{"a": 1} is it',
    ],
)
def test_words_that_are_none(text: str) -> None:
    assert isinstance(read_output(text, {"type": "string"}), Rejected)


def test_words_are_held_against_the_contract() -> None:
    answer = read_output("maybe", {"type": "string", "maxLength": 3})
    assert isinstance(answer, Rejected)
    assert answer.reason.startswith("the value breaks its contract: ")


def test_a_string_that_holds_json_is_not_unpacked() -> None:
    assert isinstance(read_output('"{\\"a\\": 1}"', OBJECT), Rejected)
    assert read_output('"{\\"a\\": 1}"', {"type": "string"}) == Accepted('{"a": 1}')


def test_nothing_is_accepted_for_a_schema_that_is_none() -> None:
    assert read_output("1", {"minimum": "0"}) == Rejected(
        'the contract cannot be used: not a valid schema: "0" is not of type "number"'
    )
