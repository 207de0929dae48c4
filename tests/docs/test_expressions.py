"""The examples of the expression language come to what stands beside them."""

import json
import re
import typing

import pytest

from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.functions import FUNCTIONS
from agentflow.spec.cel.syntax import BinaryOperator, Macro
from agentflow.spec.expressions import ExpressionError, parse_expression
from agentflow.spec.model import Json

from .pages import all_blocks

(SCOPE,) = (
    json.loads(block.text)
    for block in all_blocks("json")
    if block.page == "docs/language/values.md"
)
EXAMPLES = [
    tuple(map(str.strip, line.rsplit("→", 1)))
    for block in all_blocks("expr")
    for line in block.text.splitlines()
    if line.strip()
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_example(text: str, expected: str) -> None:
    if expected.startswith("error: "):
        with pytest.raises((ExpressionError, EvaluationError)) as caught:
            _value(text)
        assert str(caught.value) == expected.removeprefix("error: ")
    else:
        # As JSON, so that 1 and 1.0 differ.
        assert json.dumps(_value(text)) == json.dumps(json.loads(expected))


def _value(text: str) -> Json:
    return evaluate(parse_expression(text), SCOPE)


@pytest.mark.parametrize(
    "name", [*FUNCTIONS, *typing.get_args(Macro), "has", "default", "coalesce"]
)
def test_every_function_and_macro_has_an_example(name: str) -> None:
    assert any(re.search(rf"\b{name}\(", text) for text, _ in EXAMPLES)


#: Of operators that do the same kind of thing, one is enough.
OPERATORS = {*typing.get_args(BinaryOperator), "!", "?"} - {"!=", "<=", ">", ">="}


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_has_an_example(operator: str) -> None:
    assert any(f" {operator} " in text or text.startswith(operator) for text, _ in EXAMPLES)
