"""`retry-beyond-deadline` knows the times of the steps around an agent's step, and its own."""

import json

import pytest

from agentflow.spec.model import Json
from tests.lint.linting import findings_of

RETRIED = {"agent": "do", "timeout": "2m", "retry": {"max_attempts": 3}}


def said(steps: Json) -> list[str]:
    agent = {"kind": "command", "argv": ["./do"], "effects": "none", "input": {}, "output": {}}
    spec = {
        "agentflow": 1,
        "name": "letters",
        "agents": {"do": agent},
        "steps": steps,
        "outputs": {"letters": "${{ steps.all.output }}"},
    }
    found = findings_of(json.dumps(spec, indent=1))
    return [one.message for one in found if one.rule == "retry-beyond-deadline"]


@pytest.mark.parametrize(
    ("steps", "has"),
    [
        ({"all": {**RETRIED, "budget": {"wall": "5m"}}}, "'all' has 5m"),
        ({"all": {"steps": {"a": RETRIED}, "timeout": "4m"}}, "'all' has 4m"),
        (
            {"all": {"steps": {"a": RETRIED}, "timeout": "4m", "budget": {"wall": "3m"}}},
            "'all' has 3m",
        ),
        (
            {"all": {"timeout": "4m", "switch": "x", "cases": {"x": {"steps": {"a": RETRIED}}}}},
            "'all' has 4m",
        ),
    ],
    ids=["its own", "of a group", "the shorter", "of a switch"],
)
def test_the_shortest_time_around_counts(steps: Json, has: str) -> None:
    assert said(steps) == [f"3 attempts of 2m and their waits can take 6m 3s, and {has}"]


def test_times_that_are_long_enough_are_no_matter() -> None:
    assert said({"all": {"steps": {"a": RETRIED}, "timeout": "10m"}}) == []


def test_the_turns_of_a_model_with_tools_are_told() -> None:
    tool = {"kind": "command", "argv": ["./look"], "effects": "none", "input": {}, "output": {}}
    model = {
        "kind": "llm",
        "model": "openai/gpt-5-mini",
        "tools": [{"agent": "do"}],
        "max_turns": 4,
    }
    steps = {"all": {**RETRIED, "agent": "model", "budget": {"wall": "5m"}}}
    spec = {
        "agentflow": 1,
        "name": "letters",
        "agents": {"do": tool, "model": {**model, "input": {}, "output": {}}},
        "steps": steps,
    }
    found = findings_of(json.dumps(spec, indent=1))
    assert [one.message for one in found if one.rule == "retry-beyond-deadline"] == [
        "3 attempts of 2m in each of 4 turns and their waits can take 24m 12s, and 'all' has 5m"
    ]
