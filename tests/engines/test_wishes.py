"""Answers that are made up: what a step asserts of them, and how a loop comes to its end."""

from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.launch import simulated_answers, simulated_people
from agentflow.engines.virtual import run_virtual
from agentflow.spec.model import Json
from tests.core.world import MemoryLog, Run, pipeline, started

SCORE: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 9}},
}


def simulated(step: Json, seed: str, output: Json = SCORE) -> Run:
    entries: list[Any] = []
    plan = pipeline({"a": step}, output=output)
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    run_virtual(driver, started(), simulated_answers(plan, seed, {}))
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


GIVEN: Json = {
    "passages": [{"id": "p1", "text": "a"}, {"id": "p2", "text": "b"}],
    "rooms": {"red": 4, "blue": 2},
    "days": [[3, 5], [8]],
}
NAMED: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["cited", "claims", "room", "day"],
    "properties": {
        "cited": {"type": "array", "minItems": 2, "items": {"type": "string", "maxLength": 40}},
        "claims": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["source"],
                "properties": {"source": {"type": "string"}},
            },
        },
        "room": {"type": "string"},
        "day": {"type": "integer"},
    },
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "that",
    [
        "output.cited.all(c, input.passages.exists(p, p.id == c))",
        "output.cited.all(c, c in input.passages.map(p, p.id))",
        "output.claims.all(c, input.passages.exists_one(p, c.source == p['id']))",
        "output.cited.all(c, size(input.passages.filter(p, p.id == c)) > 0)",
        "output.cited[0] == input.passages[1].id",
        "output.room in input.rooms && input.rooms[output.room] > 3",
        "input.days.exists(d, d.exists(n, n == output.day))",
        "output.room == 'none' || input.passages.exists(c, c.text == output['room'])",
    ],
    ids=["all", "map", "field", "filter", "index", "keys", "nested", "or"],
)
def test_what_is_to_be_named_from_the_input_is(that: str, seed: str) -> None:
    step = {"agent": "do", "with": GIVEN, "assert": [{"that": that, "message": "not given"}]}
    assert simulated(step, seed, NAMED).state.status == "succeeded"


@pytest.mark.parametrize("seed", SEEDS)
def test_people_who_are_made_up_name_what_is_among_the_inputs_of_the_run(seed: str) -> None:
    question = {
        "ask": "Whom?",
        "answer": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    }
    that = "output.all(i, inputs.applications.exists(a, a.id == i))"
    asserted = [{"that": that, "message": "nobody of that name"}]
    step: Json = {
        "human": question,
        "timeout": "1h",
        "catch": {"timeout": "fail"},
        "assert": asserted,
    }
    inputs: Json = {"applications": [{"id": "kim"}, {"id": "ada"}]}
    entries: list[Any] = []
    plan = pipeline({"a": step}, inputs={"type": "object"})
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    people = simulated_people(plan, seed, inputs)
    run_virtual(driver, started(inputs), simulated_answers(plan, seed, inputs), people)
    assert driver.state.status == "succeeded"
    (taken,) = Run(driver.state, entries).of(events.TakeAnswer)
    assert set(taken.value) <= {"kim", "ada"}


def test_where_nothing_that_was_given_can_be_named_another_answer_is_looked_for() -> None:
    that = "output.score in input.scores || output.score > 7"
    step = {"agent": "do", "with": {"scores": []}, "assert": [{"that": that, "message": "no"}]}
    assert simulated(step, "0").state.status == "succeeded"
    step["with"] = {"scores": ["not a score"]}  # none of these keeps the contract
    assert simulated(step, "0").state.status == "succeeded"


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
