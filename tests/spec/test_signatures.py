"""What the signatures say an operator takes is what evaluation lets it take."""

from collections.abc import Mapping
from itertools import product

import pytest

from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.signatures import ANY, OPERATORS
from agentflow.spec.cel.values import Kind
from agentflow.spec.expressions import parse_expression
from agentflow.spec.model import Json

VALUES: Mapping[Kind, Json] = {
    "null": None,
    "bool": True,
    "int": 2,
    "double": 2.5,
    "string": "a",
    "list": ["a"],
    "map": {"a": 1},
}


def test_there_is_a_value_of_every_kind() -> None:
    assert VALUES.keys() == ANY


@pytest.mark.parametrize("symbol", OPERATORS)
def test_an_operator_takes_the_pairs_of_its_signature_and_no_others(symbol: str) -> None:
    expression = parse_expression(f"a {symbol} b")
    for left, right in product(VALUES, VALUES):
        scope = {"a": VALUES[left], "b": VALUES[right]}
        if symbol == "||":  # where true decides, an error on the other side is absorbed
            scope = {name: value is not True and value for name, value in scope.items()}
        fits = any(left in ours and right in theirs for ours, theirs in OPERATORS[symbol])
        try:
            evaluate(expression, scope)
        except EvaluationError:
            assert not fits, f"{left} {symbol} {right}"
        else:
            assert fits, f"{left} {symbol} {right}"
