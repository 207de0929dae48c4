"""The values that lead to a case are those that have its label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.plan.cases import label_of, leads_to, values_of_label
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.expressions import parse_expression
from agentflow.spec.model import Json

_INTEGERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
_VALUES = st.one_of(st.text(max_size=4), _INTEGERS, st.booleans())


@given(_VALUES)
def test_a_value_is_among_those_that_lead_to_its_label(value: str | int) -> None:
    label = label_of(value)
    assert label is not None
    assert (type(value), value) in [(type(one), one) for one in values_of_label(label)]


@given(st.one_of(st.text(max_size=4), st.from_regex(r"-?[0-9]{1,25}", fullmatch=True)))
def test_what_leads_to_a_label_has_it(label: str) -> None:
    assert {label_of(one) for one in values_of_label(label)} == {label}


@pytest.mark.parametrize("label", ["²", "07", "-0", "+1", "1.0", "9" * 5000])
def test_what_only_looks_like_an_integer_is_a_text(label: str) -> None:
    assert list(values_of_label(label)) == [label]


@pytest.mark.parametrize("value", [None, 1.5, [], {}])
def test_other_values_have_no_label(value: Json) -> None:
    assert label_of(value) is None


@given(_VALUES, _VALUES)
def test_the_condition_of_a_label_holds_for_its_values_only(value: Json, other: Json) -> None:
    label = label_of(other)
    assert label is not None
    condition = leads_to(parse_expression("inputs.value"), label)
    try:
        holds = evaluate(condition, {"inputs": {"value": value}})
    except EvaluationError:  # as of a text, which is no condition
        holds = False
    assert holds is (label_of(value) == label)
