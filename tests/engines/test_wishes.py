"""Answers that are made up: what a step asserts of them, and how a loop comes to its end."""

from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.launch import simulated_answers, simulated_people
from agentflow.engines.virtual import run_virtual
from agentflow.plan.steps import Plan
from agentflow.spec.model import Json
from tests.core.world import MemoryLog, Run, pipeline, spec_of, started

SCORE: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 9}},
}


def simulated(step: Json, seed: str, output: Json = SCORE) -> Run:
    return performed(pipeline({"a": step}, output=output), seed)


def performed(plan: Plan, seed: str, inputs: Json = None) -> Run:
    entries: list[Any] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    state = driver.state
    people = simulated_people(state, seed)
    run_virtual(driver, started(inputs), simulated_answers(state, seed), people)
    return Run(state, entries)


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
    run = performed(pipeline({"a": step}, inputs={"type": "object"}), seed, inputs)
    assert run.state.status == "succeeded"
    (taken,) = run.of(events.TakeAnswer)
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


TIMES: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["start", "end", "text"],
    "properties": {
        "start": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
        "end": {"type": "number", "minimum": 0, "maximum": 10_000},
        "text": {"type": "string", "maxLength": 60},
    },
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "that",
    [
        "output.start[0] == 0",
        "output.end <= inputs.seconds * 2 && output.end > 7",
        "output.start.all(s, double(s) <= double(steps.first.output.seconds))",
        "inputs.text.contains('{0}') == output.text.contains('{0}')",
        "inputs.text.startsWith('a') == output.text.contains('{0}')",
        "steps.first.output.seconds > 3 ? output.text == 'long' : output.text == 'short'",
        "output.text == steps.first.output.id && output.start.all(s, s in steps.first.output.days)",
    ],
    ids=["constant", "inputs", "steps", "same", "other", "branch", "names"],
)
def test_what_an_assertion_reads_besides_the_answer_bounds_it(that: str, seed: str) -> None:
    asserted = [{"that": that, "message": "not so"}]
    steps: Json = {
        "first": {
            "steps": {"s": {"agent": "do"}},
            "output": {"seconds": 4, "id": "x1", "days": [3, 8]},
        },
        "a": {"agent": "do", "assert": asserted},
    }
    inputs: Json = {"seconds": 4, "text": "a {0}"}
    plan = pipeline(steps, output=TIMES, inputs={"type": "object"})
    assert performed(plan, seed, inputs).state.status == "succeeded"


SUMS: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["net", "tax", "gross", "lines", "count"],
    "properties": {
        **{name: {"type": "integer", "minimum": 0, "maximum": 900} for name in ("net", "tax")},
        "gross": {
            "type": "object",
            "required": ["cents"],
            "properties": {"cents": {"maximum": 950}},
        },
        "lines": {"type": "array", "maxItems": 3, "items": {"type": "string"}},
        "count": {"type": "integer"},
    },
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "that",
    [
        "output.net + output.tax == output.gross.cents",
        "output.count == size(output.lines) && output.tax == output.net",
        "output.gross.cents == output.net + inputs.more",
    ],
    ids=["sum", "count", "inputs"],
)
def test_what_is_asserted_to_be_equal_is_made_equal(that: str, seed: str) -> None:
    step = {"agent": "do", "assert": [{"that": that, "message": "it does not add up"}]}
    plan = pipeline({"a": step}, output=SUMS, inputs={"type": "object"})
    assert performed(plan, seed, {"more": 4}).state.status == "succeeded"


@pytest.mark.parametrize("seed", SEEDS)
def test_assertions_see_the_inputs_of_their_own_pipeline_the_item_and_the_state(seed: str) -> None:
    inside: Json = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
    }
    once: Json = {"type": "string"}
    wrong = "is about another"
    steps = {
        "each": {
            "for_each": {"over": "${{ inputs.ids }}", "max": 3, "as": "one"},
            "agent": "do",
            "assert": [{"that": "output == one.id", "message": wrong}],
        },
        "below": {"pipeline": "child.yaml", "with": {"id": "${{ inputs.ids[1].id }}"}},
        "round": {
            "loop": {
                "max": 2,
                "state": {"last": "none"},
                "until": "loop.index == 1",
                "next": {"last": "${{ steps.say.output }}"},
                "steps": {
                    "say": {
                        "agent": "do",
                        "assert": [
                            {"that": "output == 'after ' + loop.state.last", "message": wrong}
                        ],
                    }
                },
            }
        },
    }
    child = spec_of(
        {"a": {"agent": "do", "assert": [{"that": "output == inputs.id", "message": wrong}]}},
        name="child",
        output=once,
        inputs=inside,
    )
    plan = pipeline(steps, files={"child.yaml": child}, output=once, inputs={"type": "object"})
    inputs: Json = {"ids": [{"id": "n1"}, {"id": "n2"}]}
    assert performed(plan, seed, inputs).state.status == "succeeded"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "until",
    [
        "steps.judge.output.all(j, j.score > 7)",
        "steps.judge.output.filter(j, j.score > 7).size() == 2",
        "size(steps.judge.output) == 3 || loop.state.high > 0",
    ],
    ids=["all", "some", "never"],
)
def test_what_ends_a_loop_is_not_put_above_what_is_asserted(until: str, seed: str) -> None:
    judge: Json = {
        "for_each": {"over": [1, 2], "max": 2},
        "agent": "do",
        "assert": [{"that": "output.score > 6", "message": "too little"}],
    }
    loop: Json = {
        "max": 2,
        "state": {"high": 0},
        "until": until,
        "next": {},
        "no_progress": "continue",
        "steps": {"judge": judge},
    }
    run = performed(
        pipeline({"a": {"loop": loop, "catch": {"exhausted": {"use": 0}}}}, output=SCORE), seed
    )
    assert run.state.status == "succeeded"
    assert not run.of(events.RejectOutput)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("ids", "least", "more"),
    [
        ("^[a-z]{2,20}$", 1, {}),
        ("^t[0-9]{1,2}$", 3, {}),
        ("^[a-c]$", 2, {"why": {"type": "string", "minLength": 3}}),
    ],
    ids=["letters", "three", "reasons"],
)
def test_a_plan_is_carried_out_whatever_its_contract_says_of_ids_and_tasks(
    ids: str, least: int, more: Json, seed: str
) -> None:
    task: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "worker", "input", "needs", *more],
        "properties": {
            "id": {"type": "string", "pattern": ids},
            "worker": {"enum": ["work"]},
            "input": {"type": "object"},
            "needs": {"type": "array", "items": {"type": "string", "maxLength": 20}},
            **more,
        },
    }
    steps: Json = {
        "split": {"agent": "do"},
        "done": {
            "delegate": {
                "plan": "${{ steps.split.output }}",
                "workers": {"work": "write"},
                "max_tasks": 4,
                "catch": {"any": "skip"},
            }
        },
    }
    output: Json = {"type": "array", "minItems": least, "maxItems": 4, "items": task}
    run = performed(pipeline(steps, output=output), seed)
    begun = [call.step for call in run.of(StartAttempt) if call.step.startswith("done/")]
    assert len(begun) >= least
