"""Tests of a pipeline with a loop: its iterations have addresses, and one answer may be for all."""

from pathlib import Path

import pytest

from agentflow.loading import load
from agentflow.plan.patterns import patterns_of
from tests.testing.rehearsing import of, told

SPEC = Path(__file__).parent.parent / "cases" / "lint" / "ok" / "evaluator_optimizer.yaml"


@pytest.mark.parametrize("name", ["good_at_once", "the_best_of_all"])
def test_iterations_are_answered_and_told_apart(name: str) -> None:
    plan = load(SPEC).plan
    assert plan is not None
    assert told(of(plan, name)) == []


def test_steps_of_a_loop_are_open_in_the_number_of_the_iteration() -> None:
    plan = load(SPEC).plan
    assert plan is not None
    assert [pattern for pattern, _, _ in patterns_of(plan)] == [
        "translate",
        "translate[#*]/write",
        "translate[#*]/judge",
    ]
