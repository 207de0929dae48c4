"""Length and nesting of an expression: enough for anyone, and never the end of the stack."""

import pytest

from agentflow.spec.expressions import MAX_DEPTH, MAX_LENGTH, parse_expression
from tests.spec.evaluation import parse_error

TOO_DEEP = "every operator of a chain counts as a level; split the work over several steps"


# As many repetitions and levels as CEL asks every implementation to support, and more.
@pytest.mark.parametrize(
    "text",
    [
        "a[" * 12 + "0" + "]" * 12,
        "[" * 12 + "0" + "]" * 12,
        "{'k': " * 12 + "0" + "}" * 12,
        "int(" * 12 + "7" + ")" * 12,
        "true ? 1 : " * 24 + "2",
        "||".join(["false"] * 32),
        "&&".join(["true"] * 32),
        "3" + " - 3 + 3" * 12,
        "4" + " * 4 / 4" * 12,
        "!" * 32 + "true",
        "-" * 32 + "19",
        "a" + ".b" * 63,
        f"[{','.join('0' * 1000)}]",
    ],
)
def test_enough_may_be_nested_and_repeated(text: str) -> None:
    parse_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "[" * 8000,
        "-" * 8000 + "a",
        "!" * 8000 + "true",
        "a" + "[a" * 4000,
        "1" + "+1" * 4000,
        "a" + ".b" * 4000,
        "a" + "[0]" * 2000,
        "x.size()" + ".size()" * 1000,
        "a ? b : " * 1000 + "c",
        "size(" * 1000,
        "1 || 1 && 1 == 1 + 1 * (" * 300,
        "{'a':" * 1000,
        "[1].map(x, " * 500,
    ],
)
def test_no_nesting_exhausts_the_stack(text: str) -> None:
    found = parse_error(text)
    assert found.message == f"the expression nests deeper than {MAX_DEPTH} levels"
    assert found.help == TOO_DEEP


def test_length_is_bounded() -> None:
    parse_expression(" " * (MAX_LENGTH - 1) + "1")
    found = parse_error("(" * 100_000)
    assert found.message == "the expression is longer than 8,192 characters"
    assert (found.start, found.end) == (0, 100_000)
