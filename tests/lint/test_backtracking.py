"""Which regular expressions explode, judged by a matcher that tries all ways and counts them."""

import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

import pytest

from agentflow.lint.backtracking import Explosions

EXPLOSIVE = [
    r"^(a+)+$",
    r"^(a*)*$",
    r"^(\w+\s?)+$",
    r"^(a|b|ab)*$",
    r"^(?:ab|a|ac|b)*;$",
    r"^(a?b?)*c",
    r"^(\d{1,3})+$",
    r"^([^,]*,?)*;$",
    r"^(.*,)*x$",
    r"^\s*(\w+[ ,]*)*;$",
    r"^(x+x+)+y",
    r"^((ab)*|(aba)*c?)*$",
    r'^(\\.|[^"])*"$',
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$",
]
HARMLESS = [
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$",
    r"^\d+\.\d+\.\d+(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    r"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$",
    r"^(?=.*[A-Z])(?=.*\d).{8,}$",
    r"^((25[0-5]|2[0-4]\d|1?\d?\d)(\.|$)){4}$",
    r'^"(\\.|[^"\\])*"$',
    r"^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?$",
    r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    r"^\$?\d{1,3}(,\d{3})*(\.\d{2})?$",
    r"^(\w+ )*\w+$",
    r"^(a|b)*$",
    r"^(?:[a|b]|c|\))*$",
    r"^(?:ab|ac)*$",
    r"^/(?:[^/]+/)*[^/]*$",
    r"^(?:\w+\.)+[a-z]{2,}$",
    r"^(\d{3})+$",
    r"^P(?:\d+Y)?(?:\d+M)?(?:T(?:\d+H)?(?:\d+M)?)?$",
]
LEFT_OPEN = [
    r"(\w+\s?)+",  # has matched after one turn
    r"^(\b\w+\b ?)+$",
    r"^(?P<x>a)(\1+)+$",
    r"^(?>a+)+$",
    r"^(\p{L}+)+$",  # is not read by Python
    r"(",
    "^(" + "a?" * 1_000 + ")*$",
    r"^(a{1,70}b{1,70}c{1,70}){1,70}$",
]


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_every_repetition_of_the_pump_multiplies_the_ways(pattern: str) -> None:
    pump = Explosions().pump(pattern)
    assert pump is not None
    few, many = (_steps_to_refuse(pattern, pump * times + "\n\n") for times in (2, 6))
    assert many > 2**3 * few


@pytest.mark.parametrize("pattern", HARMLESS + LEFT_OPEN)
def test_ordinary_patterns_and_those_that_cannot_be_told_are_let_pass(pattern: str) -> None:
    assert Explosions().pump(pattern) is None


def test_what_a_pattern_looks_ahead_for_counts_too() -> None:
    assert Explosions().pump(r"^(?=(a+)+$)\w") == "a"


def test_the_work_for_one_spec_is_bounded() -> None:
    large = [f"^({'a{1,60}' * 6}{n})*$" for n in range(300)]
    explosions = Explosions()
    assert [explosions.pump(pattern) for pattern in large] == [None] * 300
    assert explosions.pump(r"^(a+)+$") is None
    assert Explosions().pump(r"^(a+)+$") == "a"


def _steps_to_refuse(pattern: str, text: str) -> int:
    """How many characters a matcher that tries every way compares before it gives up."""
    counted = [0]
    items = list(parser.parse(pattern))
    if items[0] == (op.AT, op.AT_BEGINNING):
        items = items[1:]
    assert not any(end is not None for end in _ways(items, text, 0, counted))
    return counted[0]


def _ways(items: list[Any], text: str, at: int, counted: list[int]) -> Iterator[int]:
    """Where the items can end that begin at a place, once for every way to get there."""
    if not items:
        yield at
        return
    kind, argument = items[0]
    for end in _one(kind, argument, text, at, counted):
        yield from _ways(items[1:], text, end, counted)


def _one(kind: Any, argument: Any, text: str, at: int, counted: list[int]) -> Iterator[int]:
    if kind is op.AT:
        if at == len(text):
            yield at
    elif kind is op.SUBPATTERN:
        yield from _ways(list(argument[-1]), text, at, counted)
    elif kind is op.BRANCH:
        for branch in argument[1]:
            yield from _ways(list(branch), text, at, counted)
    elif kind is op.MAX_REPEAT:
        least, most, body = argument
        yield from _turns(least, most, body, text, at, counted)
    else:
        counted[0] += 1
        if at < len(text) and _fits(kind, argument, text[at]):
            yield at + 1


def _turns(
    least: int, most: Any, body: Any, text: str, at: int, counted: list[int]
) -> Iterator[int]:
    if most > 0:
        for end in _ways(list(body), text, at, counted):
            if end > at:
                fewer = most if most is op.MAXREPEAT else most - 1
                yield from _turns(max(least - 1, 0), fewer, body, text, end, counted)
    if least <= 0:
        yield at


def _fits(kind: Any, argument: Any, letter: str) -> bool:
    match kind:
        case op.LITERAL:
            return bool(ord(letter) == argument)
        case op.NOT_LITERAL:
            return bool(ord(letter) != argument)
        case op.ANY:
            return letter != "\n"
        case op.RANGE:
            return bool(argument[0] <= ord(letter) <= argument[1])
        case op.CATEGORY:
            tests = {op.CATEGORY_DIGIT: "0123456789", op.CATEGORY_SPACE: " \t\n"}
            if argument in tests:
                return letter in tests[argument]
            assert argument is op.CATEGORY_WORD
            return letter.isalnum() or letter == "_"
    negated = argument[0][0] is op.NEGATE
    return negated != any(_fits(part[0], part[1], letter) for part in argument[int(negated) :])


@pytest.mark.parametrize(
    ("pattern", "pump"),
    [
        (r"^(a|a)*$", "aa"),
        (r"^(\w|\d)+$", "0a"),
        (r"^([|\]]|\||x)+$", "|]"),
        (r"^([]|]|x|[x])+$", "x]"),
    ],
)
def test_alternatives_overlap_though_python_reads_them_as_one(pattern: str, pump: str) -> None:
    assert Explosions().pump(pattern) == pump
