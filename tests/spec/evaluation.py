"""What the tests of expressions share: a scope, and the value or the error of a text over it."""

from collections.abc import Mapping
from typing import Any

import pytest

from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.expressions import ExpressionError, parse_expression

SCOPE: Mapping[str, Any] = {
    "inputs": {
        "n": 3,
        "f": 3.0,
        "half": 0.5,
        "s": "abc",
        "yes": True,
        "no": False,
        "nothing": None,
        "empty": [],
        "list": [1, 2, 3],
        "mixed": [1, "x", None],
        "map": {"b": 2, "a": 1},
        "odd key": "k",
        "big": 2**70,
    }
}


def value(text: str, scope: Mapping[str, Any] = SCOPE, **budget: int) -> Any:
    return evaluate(parse_expression(text), scope, **budget)


def error(text: str, scope: Mapping[str, Any] = SCOPE, **budget: int) -> EvaluationError:
    with pytest.raises(EvaluationError) as caught:
        value(text, scope, **budget)
    return caught.value


def check(text: str, expected: object) -> None:
    found = value(text)
    assert (type(found), found) == (type(expected), expected)


def check_error(text: str, message: str) -> None:
    assert error(text).message == message


def parse_error(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    return caught.value
