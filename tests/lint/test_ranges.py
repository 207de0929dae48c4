"""What is said of conditions on numbers, held against every number that there is."""

from itertools import product

import pytest

from agentflow.lint.macro_variables import Variables
from agentflow.lint.ranges import impossible
from agentflow.loading import understand
from agentflow.plan.types import Types
from agentflow.spec.cel.evaluate import evaluate
from agentflow.spec.cel.syntax import Conditional
from agentflow.spec.expressions import parse_expression

SPEC = """\
agentflow: 1
name: numbers
inputs:
  type: object
  required: [n, m]
  properties: {n: {type: integer, minimum: 0, maximum: 3}, m: {type: integer, minimum: 1, maximum: 2}}
agents:
  counter: {kind: command, argv: [./count], effects: none, input: {type: object}, output: {type: integer}}
steps:
  count: {agent: counter}
outputs: {n: "${{ inputs.n }}"}
"""
COMPARISONS = [
    *(
        f"inputs.n {sign} {number}"
        for sign in ("<", "<=", "==", "!=", ">=", ">")
        for number in (0, 2)
    ),
    "3 < inputs.n",
    "inputs.n < 0.5",
    "inputs.n > -1",
]


@pytest.mark.parametrize("joined", ["&&", "||"])
@pytest.mark.parametrize("negated", ["", "!"])
def test_what_is_impossible_is_so_for_every_number(joined: str, negated: str) -> None:
    plan = understand(SPEC, "spec.yaml", lambda path: "")[2]
    assert plan is not None
    scope, found = Variables(Types(plan), ""), 0
    for one, other in product(COMPARISONS, repeat=2):
        text = f"{negated}({one}) {joined} ({other})"
        condition = parse_expression(text)
        results = {evaluate(condition, {"inputs": {"n": number}}) for number in range(4)}
        for truth in (True, False):
            if impossible(condition, text, scope, truth=truth) is not None:
                assert truth not in results, text
                found += 1
    assert found > 20


def test_contradictions_of_two_bounds_are_found() -> None:
    plan = understand(SPEC, "spec.yaml", lambda path: "")[2]
    assert plan is not None
    text = "inputs.n > 1 && inputs.n < 2"
    found = impossible(parse_expression(text), text, Variables(Types(plan), ""), truth=True)
    assert found is not None
    assert found.why == "no 'inputs.n' fulfils this"


@pytest.mark.parametrize("operator", ["+", "-"])
@pytest.mark.parametrize("sign", ["<", "<=", "==", ">=", ">"])
def test_what_a_sum_never_comes_to_is_what_no_two_numbers_come_to(operator: str, sign: str) -> None:
    plan = understand(SPEC, "spec.yaml", lambda path: "")[2]
    assert plan is not None
    scope, numbers = Variables(Types(plan), ""), list(product(range(4), (1, 2)))
    for bound in range(-3, 7):
        text = f"inputs.n {operator} inputs.m {sign} {bound}"
        condition = parse_expression(text)
        results = {evaluate(condition, {"inputs": {"n": n, "m": m}}) for n, m in numbers}
        said = {
            truth: impossible(condition, text, scope, truth=truth) is not None
            for truth in (True, False)
        }
        assert said[True] is (True not in results), text
        assert not said[False] or False not in results, text


def test_what_another_condition_has_left_is_so_for_every_number() -> None:
    plan = understand(SPEC, "spec.yaml", lambda path: "")[2]
    assert plan is not None
    scope, found = Variables(Types(plan), ""), 0
    for first, second in product(COMPARISONS, repeat=2):
        text = f"{first} ? 0 : {second} ? 1 : 2"
        ladder = parse_expression(text)
        assert isinstance(ladder, Conditional)
        assert isinstance(ladder.otherwise, Conditional)
        chosen = {evaluate(ladder, {"inputs": {"n": number}}) for number in range(4)}
        given = [(ladder.condition, False)]
        if impossible(ladder.otherwise.condition, text, scope, truth=True, given=given) is not None:
            assert 1 not in chosen, text
            found += 1
    assert found > 20
