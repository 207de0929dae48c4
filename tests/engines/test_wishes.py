"""Answers that are made up: what a step asserts of them, and how a loop comes to its end."""

from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.launch import simulated_answers
from agentflow.engines.virtual import run_virtual
from agentflow.spec.model import Json
from tests.core.world import MemoryLog, Run, pipeline, started

SCORE: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 9}},
}


def simulated(step: Json, seed: str) -> Run:
    entries: list[Any] = []
    plan = pipeline({"a": step}, output=SCORE)
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    run_virtual(driver, started(), simulated_answers(plan, seed))
    return Run(driver.state, entries)


SEEDS = ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_keep_what_their_step_asserts_of_them_and_of_the_input(seed: str) -> None:
    asserted = [
        {"that": "output.score > input.least", "message": "too little"},
        {"that": "output.score < 9", "message": "too much"},
    ]
    run = simulated({"agent": "do", "with": {"least": 6}, "assert": asserted}, seed)
    assert run.state.status == "succeeded"


def test_what_cannot_be_kept_is_refused_and_says_so() -> None:
    never = [{"that": "output.score > 9", "message": "too little"}]
    run = simulated({"agent": "do", "assert": never}, "0")
    assert run.state.failure is not None
    assert "too little ('output.score > 9' is false: output.score is " in run.state.failure.message


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "until",
    ["steps.judge.output.score == 9", "run.id == 'r1' && steps.judge.output.score > 7"],
    ids=["by_itself", "with_others"],
)
def test_a_loop_ends_in_its_last_iteration_at_the_latest(seed: str, until: str) -> None:
    loop = {
        "max": 3,
        "until": until,
        "steps": {"draft": {"agent": "do"}, "judge": {"agent": "do", "needs": ["draft"]}},
    }
    run = simulated({"loop": loop}, seed)
    assert run.state.status == "succeeded"
    assert len(run.of(StartAttempt)) == 2 * len(run.of(events.BeginIteration))
