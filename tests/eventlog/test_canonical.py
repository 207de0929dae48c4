"""The same value, the same bytes; and they read back equal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.eventlog import canonical

# Lone surrogates and integers beyond 64 bits included.
TEXT = st.text(st.characters())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def shape(value: Any) -> Any:
    """A value in which 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__, repr(value)


@given(JSON)
def test_it_reads_back_equal(value: Any) -> None:
    assert shape(canonical.decode(canonical.encode(value))) == shape(value)


@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical.encode(backwards) == canonical.encode(value)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({"b": 1, "a": [None, True, 1.0, "é"]}, '{"a":[null,true,1.0,"é"],"b":1}'),
        ({"big": 2**64, "é": "\ud800"}, '{"big":18446744073709551616,"\\u00e9":"\\ud800"}'),
        ((1, (2,)), "[1,[2]]"),
        ((1, None), "[1,null]"),
        ("null", '"null"'),
    ],
)
def test_examples(value: Any, data: str) -> None:
    assert canonical.encode(value) == data.encode()


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [200, 300, 500])
def test_depth_that_is_fine(depth: int) -> None:
    assert canonical.decode(canonical.encode(nested(depth))) == nested(depth)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "nan has no place in JSON"),
        ({"a": [float("inf")]}, "inf has no place in JSON"),
        ({"a": float("-inf"), "b": None}, "-inf has no place in JSON"),
        ({1: "a"}, "key 1 is int, expected str"),
        ({"a": None, "b": {None: 1}}, "key None is NoneType, expected str"),
        ({"a": b"bytes"}, "bytes is not plain data"),
        ({"a": {1, 2}}, "set is not plain data"),
        ({"a": object()}, "object is not plain data"),
        (nested(501), "nested deeper than 500 levels"),
        (nested(100_000), "nested deeper than 500 levels"),
    ],
)
def test_what_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        canonical.encode(value)
    assert str(caught.value) == message


def test_a_number_of_5000_digits_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Exceeds the limit \(4300 digits\) for integer"):
        canonical.encode(10**5000)
