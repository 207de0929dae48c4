"""Which answers are accepted: confidence, and asking again with what was wrong."""

from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.acceptance import excerpt
from agentflow.core.decide import settle
from agentflow.core.events import Complaint, Failure, StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, drive, pipeline, plan_of, started

SURE: dict[str, Json] = {
    "type": "object",
    "required": ["kind", "sure"],
    "properties": {"kind": {"type": "string"}, "sure": {"type": "number"}},
}
AGAIN: dict[str, Json] = {
    "max_attempts": 2,
    "on": ["invalid_output", "timeout"],
    "backoff": {"initial": "1s", "jitter": "none"},
}


def gated(output: Json = SURE, **step: Json) -> Any:
    """A plan whose agent has to be sure of 0.7."""
    agent = {
        "kind": "command",
        "argv": ["true"],
        "effects": "none",
        "input": {},
        "output": output,
        "confidence": {"field": "sure", "min": 0.7},
    }
    steps = {"a": {"agent": "judge", **step}}
    return plan_of({"agentflow": 1, "name": "test", "agents": {"judge": agent}, "steps": steps})


def complaints(run: Run) -> list[tuple[str, ...]]:
    return [repair.violations for repair in run.of(events.Repair)]


# --- confidence ----------------------------------------------------------------------------


def test_an_answer_that_is_sure_enough_is_accepted() -> None:
    run = drive(gated(), lambda call: {"kind": "x", "sure": 0.7})
    assert run.told() == ["StartAttempt a", "AcceptOutput a", "FinishRun"]


def test_an_answer_below_the_gate_is_held_back_and_fails_the_step() -> None:
    run = drive(gated(), lambda call: {"kind": "x", "sure": 0.69})
    assert run.told() == ["StartAttempt a", "RejectOutput a", "FailStep a", "FinishRun"]
    (held,) = run.of(events.RejectOutput)
    assert held.failure == Failure(FailureClass.LOW_CONFIDENCE, "'sure' is 0.69, less than 0.7")
    assert held.reason.rule == "agents.judge.confidence"
    assert held.reason.figures == {"field": "sure", "found": 0.69, "min": 0.7}
    assert run.state.failure is not None
    assert run.state.failure.kind == "low_confidence"


def test_catch_decides_about_what_was_held_back() -> None:
    instead = {"kind": "unsure", "sure": 1}
    plan = gated(catch={"low_confidence": {"use": instead}})
    run = drive(plan, lambda call: {"kind": "x", "sure": 0.1})
    assert run.told()[1:3] == ["RejectOutput a", "UseValue a"]
    assert run.of(events.UseValue)[0].value == instead


@pytest.mark.parametrize(
    ("output", "answer"),
    [({}, {"kind": "x"}), ({}, {"sure": "very"}), ({}, {"sure": True}), ({}, ["sure"]), ({}, 0.9)],
)
def test_an_answer_that_does_not_say_how_sure_it_is_is_held_back(
    output: Json, answer: Json
) -> None:
    run = drive(gated(output), lambda call: answer)
    (held,) = run.of(events.RejectOutput)
    assert held.failure.kind == "low_confidence"
    assert held.failure.message == "the answer has no number in 'sure' to say how sure it is"


def test_low_confidence_is_neither_repaired_nor_retried() -> None:
    run = drive(gated(repair=3, retry=AGAIN), lambda call: {"kind": "x", "sure": 0.2})
    assert len(run.of(StartAttempt)) == 1
    (fail,) = run.of(events.FailStep)
    assert fail.reason.figures["no_retry"] == "the policy does not retry 'low_confidence'"


def test_the_contract_comes_before_the_gate() -> None:
    run = drive(gated(), lambda call: {"sure": 0.1})
    assert run.of(events.RejectOutput)[0].failure.kind == "invalid_output"


# --- repair --------------------------------------------------------------------------------


def test_an_agent_is_told_what_was_wrong_and_asked_again() -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 2}}, output={"type": "object"})
    run = drive(plan, lambda call: {} if call.attempt == 3 else "no")
    assert run.told() == [
        "StartAttempt a",
        "RejectOutput a",
        "Repair a",
        "StartAttempt a",
        "RejectOutput a",
        "Repair a",
        "StartAttempt a",
        "AcceptOutput a",
        "FinishRun",
    ]
    first, second = run.of(events.Repair)
    assert (first.attempt, first.repair, second.attempt, second.repair) == (2, 1, 3, 2)
    assert first.violations == ('expected object, found string "no"',)
    assert first.reason.rule == "a.repair"
    assert first.reason.figures == {"repair": 1, "repairs": 2}
    assert run.state.root is not None
    assert run.state.root.purse.spent.get("retries", 0) == 0  # counted apart
    assert run.state.now - START == 3  # nobody waits before a repair


def test_repairs_that_do_not_help_end_in_the_failure() -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 2}}, output={"type": "object"})
    run = drive(plan, lambda call: "no")
    assert len(run.of(StartAttempt)) == 3
    (fail,) = run.of(events.FailStep)
    assert fail.failure.kind == "invalid_output"
    assert fail.reason.figures == {"repairs": 2}


def test_a_retry_comes_after_the_repairs_and_has_as_many_of_its_own() -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 1, "retry": AGAIN}}, output={"type": "object"})
    run = drive(plan, lambda call: "no")
    asked = [d for d in run.decisions if isinstance(d, events.Repair | events.Retry)]
    assert [type(d).__name__ for d in asked] == ["Repair", "Retry", "Repair"]
    assert len(run.of(StartAttempt)) == 4  # two attempts by the policy, each with one repair
    (fail,) = run.of(events.FailStep)
    assert fail.reason.figures["no_retry"] == "attempt 2 of 2 failed"
    assert run.state.root is not None
    assert run.state.root.purse.spent.get("retries", 0) == 1


def test_a_step_says_how_often_and_its_agent_says_it_for_all() -> None:
    agents = {
        "a": {
            "kind": "command", "argv": ["true"], "effects": "none", "repair": 2,
            "input": {}, "output": {"type": "object"},
        }
    }  # fmt: skip
    steps = {
        "one": {"agent": "a", "catch": {"any": "skip"}},
        "two": {"agent": "a", "repair": 0, "needs": ["one"]},
    }
    plan = plan_of({"agentflow": 1, "name": "t", "agents": agents, "steps": steps})
    run = drive(plan, lambda call: "no")
    assert [repair.step for repair in run.of(events.Repair)] == ["one", "one"]


def test_an_answer_that_ended_early_is_repaired() -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 1}})
    run = drive(plan, lambda call: FailureClass.TRUNCATED if call.attempt == 1 else {})
    assert complaints(run) == [("as the script says",)]
    assert run.state.status == "succeeded"


@pytest.mark.parametrize(
    "failure", [FailureClass.TIMEOUT, FailureClass.REJECTED, FailureClass.RATE_LIMITED]
)
def test_other_failures_are_not_repaired(failure: FailureClass) -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 3}})
    assert complaints(drive(plan, lambda call: failure)) == []


def test_an_agent_that_has_acted_on_the_world_is_not_asked_again() -> None:
    plan = pipeline({"a": {"agent": "write", "repair": 3}}, output={"type": "object"})
    run = drive(plan, lambda call: "no")
    assert run.told() == ["StartAttempt a", "RejectOutput a", "FailStep a", "FinishRun"]
    assert run.of(events.FailStep)[0].reason.figures == {
        "no_repair": "the agent has acted, and its effects are 'write'"
    }


def test_the_call_budget_bounds_repairs_too() -> None:
    plan = pipeline(
        {"a": {"agent": "do", "repair": 5}}, output={"type": "object"}, budget={"calls": 2}
    )
    run = drive(plan, lambda call: "no")
    assert len(run.of(StartAttempt)) == 2
    (fail,) = run.of(events.FailStep)
    assert fail.failure.kind == "budget_exceeded"


def test_nothing_is_repaired_in_a_scope_that_has_failed() -> None:
    steps = {"a": {"agent": "do", "repair": 1}, "b": {"agent": "do"}}
    plan = pipeline(steps, output={"type": "object"})
    run = drive(plan, lambda c: (FailureClass.REJECTED, 1.0) if c.step == "b" else ("no", 2.0))
    assert complaints(run) == []


def test_a_crash_in_a_repair_keeps_what_the_agent_is_told() -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 1}}, output={"type": "object"})
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(state, events.AttemptSucceeded(START + 1, "a", 1, text="no JSON"))
    settle(state)
    told = Complaint("no JSON", ("not JSON: 'no JSON' at line 1, column 1",))
    assert state.running["a"].complaint is not None
    assert state.running["a"].complaint.answer == told.answer
    evolve(state, events.RunResumed(START + 9, "test"))
    evolve(state, events.AttemptLost(START + 9, "a", 2))
    settle(state)
    assert state.running["a"].attempt == 3
    assert state.running["a"].complaint is not None
    assert state.running["a"].complaint.answer == "no JSON"
    evolve(state, events.AttemptSucceeded(START + 10, "a", 3, value={}))
    settle(state)
    assert state.status == "succeeded"


def test_a_retry_begins_without_the_complaint() -> None:
    plan = pipeline({"a": {"agent": "do", "repair": 1, "retry": AGAIN}}, output={"type": "object"})
    run = drive(plan, lambda call: {} if call.attempt == 3 else "no")
    upto = next(i for i, e in enumerate(run.entries) if any(
        isinstance(d, events.Retry) for d in e.decisions))  # fmt: skip
    before, after = fold(plan, run.entries[: upto + 1]), fold(plan, run.entries[: upto + 2])
    assert before.waiting["a"].complaint is None
    assert after.running["a"].repairs == 0
    assert replay(plan, run.entries).divergence is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (None, None),
        ("text", "text"),
        ({"ä": [1]}, '{"ä": [1]}'),
        ("x" * 30_000, "x" * 19_999 + "…"),
    ],
)
def test_an_agent_is_shown_its_answer_shortened(said: Json, shown: str | None) -> None:
    assert excerpt(said) == shown


def test_what_was_left_out_around_an_answer_is_in_the_log() -> None:
    plan = pipeline({"a": {"agent": "do"}}, output={"type": "object"})
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(state, events.AttemptSucceeded(START + 1, "a", 1, text="Here:\n```json\n{}\n```"))
    _, (accept, _) = settle(state)
    assert isinstance(accept, events.AcceptOutput)
    assert accept.reason.text == (
        "the answer keeps its contract; left out: 13 before and 3 characters after the value"
    )
