"""What a condition proves: paths that exist, and other conditions that hold."""

import pytest

from agentflow.lint.conditions import constant, facts, proven
from agentflow.spec.expressions import parse_expression

OUTPUT = "steps.a.output"


def existing(condition: str, truth: bool) -> set[str]:
    """The paths that have a value if a condition comes to `truth`, as one would write them."""
    paths = proven(parse_expression(condition), truth)
    return {".".join((root, *map(str, steps))) for root, steps in paths}


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("has(steps.a.output)", True),
        ("!has(steps.a.output)", False),
        ('steps.a.status == "succeeded"', True),
        ('steps.a.status != "succeeded"', False),
        ('steps.a.status != "skipped"', True),
        ('steps.a.status == "skipped"', False),
        ("default(steps.a.output, false)", True),
        ("default(steps.a.output, true)", False),
        ("default(steps.a.output, 0) > 3", True),
        ('default(steps.a.output, "") != ""', True),
        ("size(default(steps.a.output, [])) > 0", True),
        ("default(steps.a.output, []).exists(x, x > 1)", True),
        ("inputs.x && has(steps.a.output)", True),
        ("inputs.x || !has(steps.a.output)", False),
        ('"o" in steps.a.output', True),
        ("steps.a.output == 3", False),
        ("!steps.a.output", True),
        ("steps.a.output.startsWith('x')", False),
    ],
)
def test_the_output_is_proven(condition: str, truth: bool) -> None:
    assert OUTPUT in existing(condition, truth)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("has(steps.a.output)", False),
        ('steps.a.status == "skipped"', True),
        ('steps.a.status == "succeeded"', False),
        ("default(steps.a.output, true)", True),
        ("default(steps.a.output, 9) > 3", True),
        ("has(steps.a.output) || inputs.x", True),
        ("has(steps.a.output) && inputs.x", False),
        ("has(steps.a.output) || has(steps.b.output)", True),
        ("inputs.x ? steps.a.output : true", True),
        ("has(steps.a.output[inputs.x])", True),
    ],
)
def test_the_output_is_not_proven(condition: str, truth: bool) -> None:
    assert OUTPUT not in existing(condition, truth)


def test_of_alternatives_the_common_way_is_proven() -> None:
    assert existing("has(steps.a.output.x) || has(steps.a.output.y)", True) == {OUTPUT}


def test_facts_are_told_without_blanks_quotes_and_negations() -> None:
    text = "!(inputs.x) && inputs.kind != 'a' && size( inputs.list )>1"
    assert set(facts(parse_expression(text), text, True)) == {
        ("inputs.x", False),
        ('inputs.kind=="a"', False),
        ("size(inputs.list)>1", True),
    }


def test_that_a_key_is_in_a_map_proves_the_field() -> None:
    assert "steps.a.output.o" in existing('"o" in steps.a.output', True)
    assert "steps.a.output.o" not in existing('"o" in steps.a.output', False)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("inputs.f", True),
        ("inputs.f == true", True),
        ("true == inputs.f", True),
        ("inputs.f != false", True),
        ("inputs.f == false", False),
        ("!(inputs.f != true)", True),
    ],
)
def test_a_condition_and_its_comparison_with_true_are_the_same_fact(
    condition: str, truth: bool
) -> None:
    assert set(facts(parse_expression(condition), condition, truth)) == {("inputs.f", True)}


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("1 < 2", True),
        ("false && has(steps.a.output)", False),
        ("has(steps.a.output) || true", True),
        ("has(steps.a.output)", None),
        ("!has(steps.a.output)", None),
        ("has(steps.a.output) && steps.a.output.done", None),
        ("default(steps.a.output, false)", None),
        ('default(steps.a.output, "none") == "none"', None),
        ("coalesce(steps.a.output, steps.b.output, true)", None),
        ("[1, 2].all(n, has(steps.a.output))", None),
    ],
)
def test_only_what_no_scope_can_change_is_constant(condition: str, value: object) -> None:
    assert constant(parse_expression(condition)) is value
