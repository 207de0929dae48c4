"""Where two values differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.testing.differences import differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def told(expected: Any, found: Any, *, at_least: bool = False) -> list[str]:
    result = differences(expected, found, ("x",), at_least=at_least)
    return [f"{d.where}: {d.expected} | {d.found}" for d in result]


@pytest.mark.parametrize(
    ("expected", "found", "lines"),
    [
        (1, 1.0, []),
        (True, 1, ["x: true | 1"]),
        (0, False, ["x: 0 | false"]),
        (None, 0, ["x: null | 0"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["x.a[1]: 2 | 3"]),
        ({"a": 1}, {"b": 1}, ["x.a: 1 | nothing", "x.b: nothing | 1"]),
        ([1], [1, 2], ["x[1]: nothing | 2"]),
        ([1, {"a": 2}], [1], ['x[1]: {"a": 2} | nothing']),
        ([], {}, ["x: [] | {}"]),
        ({"not a word": 1}, {"not a word": 2}, ['x["not a word"]: 1 | 2']),
    ],
)
def test_each_place_is_told(expected: Any, found: Any, lines: list[str]) -> None:
    assert told(expected, found) == lines


def test_more_fields_are_fine_where_less_is_asked_for() -> None:
    assert told({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}, at_least=True) == []
    assert told([{"a": 1}], [{"a": 1}, {}], at_least=True) == ["x[1]: nothing | {}"]
    assert told({"a": 1}, {"d": 3}, at_least=True) == ["x.a: 1 | nothing"]


def test_long_texts_are_shown_from_where_they_differ() -> None:
    text = "word " * 40
    assert told(text + "one", text + "two") == [
        'x: from character 189: "d word word one" | from character 189: "d word word two"'
    ]


@given(JSON)
def test_a_value_is_itself(value: Any) -> None:
    assert told(value, value) == []


@given(JSON, JSON)
def test_what_is_not_equal_differs_somewhere(one: Any, other: Any) -> None:
    assert bool(told(one, other)) == bool(told(other, one))
    if not told(one, other):
        assert one == other
