"""What fails in an inner pipeline turns to the escalation of its caller."""

import pytest

from agentflow.core.events import AskPerson, Escalate, RefuseAnswer
from agentflow.engines.virtual import Person, Said
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Run, drive, pipeline, spec_of

PEOPLE = {
    "levels": [{"human": {"ask": "${{ failure.kind }} with ${{ input.n }}?"}, "within": "1h"}],
    "on_exhausted": "fail",
}
#: Asks by itself, and fails if nobody says anything.
ASKS = {
    "human": {"ask": "Inside?", "answer": {"type": "integer"}},
    "timeout": "10m",
    "catch": {"timeout": "fail"},
}
#: Is given what its pipeline is.
DO = {"agent": "do", "with": {"n": "${{ inputs.n }}"}}
INPUTS = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def outer(step: Json, person: Person, *, says: Json = FailureClass.REJECTED, **more: Json) -> Run:
    """A run of a pipeline whose one step runs another one, with `step` in it."""
    child = spec_of(
        {"a": step}, name="child", inputs=INPUTS, outputs={"n": "${{ steps.a.output }}"}, **more
    )
    child["agents"]["do"]["output"] = {"type": "integer"}
    plan = pipeline(
        {
            "inner": {
                "pipeline": "child.yaml",
                "with": {"n": 7},
                "catch": {"any": {"escalate": "people"}},
            }
        },
        files={"child.yaml": child},
        escalations={"people": PEOPLE},
        outputs={"n": "${{ steps.inner.output.n }}"},
    )
    run = drive(plan, lambda _call: says, person=person)
    assert replay(plan, run.entries).divergence is None
    return run


def outside(answer: Said) -> Person:
    """Somebody who answers the caller's question and no other."""
    return lambda question: answer if question.step == "inner" else None


def test_a_failure_inside_is_asked_about_outside() -> None:
    run = outer({"agent": "do"}, outside(Said("replace", {"n": 3}, 60, by="kim")))
    (question,) = run.of(AskPerson)
    assert (question.step, question.ask) == ("inner", "rejected with 7?")
    assert (question.input, question.answers) == ({"n": 7}, ["replace", "abort"])
    assert run.state.outputs == {"n": 3}


def test_a_question_inside_that_nobody_answers_goes_to_the_caller() -> None:
    run = outer(ASKS, outside(Said("replace", {"n": 3}, 60)))
    assert [one.step for one in run.of(AskPerson)] == ["inner/a", "inner"]
    assert run.of(AskPerson)[1].ask == "timeout with 7?"
    assert run.state.outputs == {"n": 3}


def test_levels_inside_come_first() -> None:
    step = {**DO, "catch": {"any": {"escalate": "people"}}}
    run = outer(step, outside(Said("replace", {"n": 3}, 60)), escalations={"people": PEOPLE})
    assert [one.step for one in run.of(Escalate)] == ["inner/a", "inner"]
    assert [one.step for one in run.of(AskPerson)] == ["inner/a", "inner"]
    assert run.state.outputs == {"n": 3}


def test_an_answer_inside_leaves_the_caller_alone() -> None:
    run = outer(
        ASKS, lambda question: Said("replace", 5, 60) if question.step == "inner/a" else None
    )
    assert run.of(Escalate) == []
    assert run.state.outputs == {"n": 5}


@pytest.mark.parametrize("value", [3, {}, {"n": "three"}], ids=["number", "empty", "text"])
def test_a_replacement_is_held_against_the_outputs_of_the_pipeline(value: Json) -> None:
    run = outer({"agent": "do"}, outside(Said("replace", value, 60)))
    (refused,) = run.of(RefuseAnswer)
    assert refused.reason.text.startswith("the value breaks its contract: ")
    assert run.state.status == "failed"


def test_aborted_outside_it_fails_as_it_failed_inside() -> None:
    run = outer({"agent": "do"}, outside(Said("abort", None, 60, by="kim")))
    assert run.state.failure is not None
    assert run.state.failure.kind is FailureClass.REJECTED
    assert run.state.failure.message.endswith("; aborted by kim")


def test_nobody_helps_outside_either() -> None:
    run = outer(ASKS, lambda _question: None)
    assert run.state.failure is not None
    assert run.state.failure.kind is FailureClass.TIMEOUT
    assert run.state.failure.message.endswith("escalation 'people': no level helped")


def test_the_budget_of_the_caller_counts() -> None:
    step = {**DO, "catch": {"any": {"escalate": "people"}}}
    run = outer(
        step,
        outside(Said("replace", {"n": 3}, 60)),
        escalations={"people": PEOPLE},
        budget={"escalations": 0},
    )
    assert [one.step for one in run.of(AskPerson)] == ["inner"]
    assert run.state.outputs == {"n": 3}
