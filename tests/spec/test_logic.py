"""Conditions taken apart say the same as when they are evaluated as a whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import compared, leaves, outcome, paths_in, together, way_of
from agentflow.spec.cel.syntax import Binary, Expr, Literal
from agentflow.spec.expressions import parse_expression

_operands = st.sampled_from(["inputs.n", "inputs.m", "inputs.gone", "3", "-(1)", "0.5"])
_leaves = st.one_of(
    st.builds(
        "{} {} {}".format, _operands, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _operands
    ),
    st.sampled_from(["inputs.yes", "inputs.gone.x", "inputs.n in [1, 2]", "has(inputs.m)"]),
)
_conditions = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        inner.map("!({})".format),
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
    ),
    max_leaves=6,
)
_scopes = st.fixed_dictionaries(
    {
        "inputs": st.fixed_dictionaries(
            {"n": st.integers(0, 4), "yes": st.booleans()}, optional={"m": st.integers(0, 4)}
        )
    }
)


def come_to(expr: Expr, scope: Any) -> bool | None:
    try:
        found = evaluate(expr, scope)
    except EvaluationError:
        return None
    assert isinstance(found, bool)
    return found


@given(_conditions, _scopes)
def test_what_goes_together_holds_together(text: str, scope: Any) -> None:
    condition = parse_expression(text)
    whole = come_to(condition, scope)
    for truth in (True, False):
        parts = list(together(condition, truth))
        held = [come_to(part, scope) is holds for part, holds in parts]
        assert all(held) is (whole is truth)


@given(_leaves, _scopes)
def test_a_comparison_in_its_one_form_says_the_same(text: str, scope: Any) -> None:
    part = parse_expression(text)
    for truth in (True, False):
        found = compared(part, truth)
        assert (found is None) is not (isinstance(part, Binary) and part.operator != "in")
        if found is not None:
            again = Binary(found.operator, found.one, found.other, 0, 0)
            whole = come_to(part, scope)
            assert come_to(again, scope) is (None if whole is None else whole is truth)


@given(_conditions, _scopes)
def test_leaves_decide_what_a_condition_comes_to(text: str, scope: Any) -> None:
    condition = parse_expression(text)
    assert outcome(condition, lambda leaf: come_to(leaf, scope)) is come_to(condition, scope)
    whole = {way_of(path) for path in paths_in(condition)}
    assert whole == {way_of(path) for leaf in leaves(condition) for path in paths_in(leaf)}


def test_a_written_value_stands_behind_the_operator() -> None:
    found = compared(parse_expression("3 < size(inputs.list)"), truth=False)
    assert found is not None
    assert (found.operator, found.other) == ("<=", Literal(3, 0, 1))
    assert list(map(way_of, paths_in(found.one))) == [("inputs", ("list",))]
