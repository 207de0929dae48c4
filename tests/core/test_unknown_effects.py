"""Nobody knows whether a step had its effect, and its spec does not say what then: a person is
asked."""

from collections.abc import Callable
from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import AskPerson, StartAttempt
from agentflow.engines.virtual import Person, Said, silence
from agentflow.plan.steps import Plan
from agentflow.plan.unknown_effects import may_ask_whether
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, ask, drive, pipeline, plan_of, spec_of

WRITE: dict[str, Json] = {"agent": "write"}
LOST = "as the script says; its effects are 'write' and may have happened"
UNKNOWN = FailureClass.UNKNOWN_EFFECT
ID: dict[str, Json] = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}},
}


def lost(_call: StartAttempt) -> FailureClass:
    return FailureClass.TIMEOUT


def says(answer: events.AnswerKind, value: Json = None, after: float = 60.0) -> Person:
    return lambda _question: Said(answer, value, after, by="kim")


def run(plan: Plan, script: Callable[[StartAttempt], Any] = lost, person: Person = silence) -> Run:
    done = drive(plan, script, person=person)
    assert replay(plan, done.entries).divergence is None
    return done


def ends(done: Run) -> list[tuple[str, str]]:
    return [(fail.step, fail.status) for fail in done.of(events.FailStep)]


def test_a_person_is_asked_in_the_inbox() -> None:
    done = run(pipeline({"pay": {**WRITE, "with": {"n": 1}}}), person=says("replace", {"id": "r1"}))
    (asked,) = done.of(AskPerson)
    assert (asked.channel, asked.who, asked.input) == ("inbox", None, {"n": 1})
    assert asked.answers == ["replace", "retry", "abort"]
    assert asked.failure == events.Failure(UNKNOWN, LOST, FailureClass.TIMEOUT)
    assert asked.ask == (
        "Has it happened? Look there first. If it has, 'replace' says what came of it; if it has not,"
        " 'retry' makes it again; 'abort' fails the step."
    )
    # It waits as long as the run may take.
    assert asked.due == START + 86_400
    assert done.told() == [
        "StartAttempt pay",
        "Escalate pay",
        "AskPerson pay",
        "TakeAnswer pay",
        "FinishRun",
    ]
    assert done.state.status == "succeeded"


def test_what_came_of_it_keeps_the_contract() -> None:
    said = iter([Said("replace", {}, 1.0), None])
    done = run(pipeline({"pay": WRITE}, output=ID), person=lambda _question: next(said))
    (refused,) = done.of(events.RefuseAnswer)
    assert refused.reason.text == "the value breaks its contract: missing 'id'"
    assert ends(done) == [("pay", "unknown")]


def test_what_has_not_happened_is_made_again() -> None:
    script = lambda call: {} if call.attempt == 3 else FailureClass.TIMEOUT  # noqa: E731
    done = run(pipeline({"pay": {**WRITE, "with": {"n": 1}}}), script, says("retry"))
    assert [start.input for start in done.of(StartAttempt)] == [{"n": 1}] * 3
    assert len(done.of(AskPerson)) == 2
    assert done.state.status == "succeeded"


def test_a_person_can_give_it_up() -> None:
    done = run(pipeline({"pay": WRITE}), person=says("abort"))
    assert ends(done) == [("pay", "unknown")]
    assert done.state.failure == events.Failure(
        UNKNOWN, f"step 'pay' failed: {LOST}; aborted by kim", FailureClass.TIMEOUT
    )


def test_nobody_answers_as_long_as_the_run_may_take() -> None:
    done = run(pipeline({"pay": WRITE}))
    (fail,) = done.of(events.FailStep)
    over = "the run took longer than 1d (budget.wall)"
    assert (fail.status, fail.failure.message) == ("unknown", f"{LOST}; {over}")
    assert fail.failure.cause is FailureClass.TIMEOUT
    assert done.state.failure == events.Failure(
        UNKNOWN,
        f"{over}, and what was in flight inside may have had its effect",
        FailureClass.BUDGET_EXCEEDED,
    )


def test_nobody_answers_as_long_as_the_step_may_take() -> None:
    done = run(pipeline({"pay": {**WRITE, "budget": {"wall": "1h"}}}))
    (fail,) = done.of(events.FailStep)
    assert (done.of(AskPerson)[0].due, done.state.now) == (START + 3600, START + 3600)
    assert (fail.status, fail.failure.kind) == ("unknown", UNKNOWN)
    assert fail.failure.message.startswith(f"{LOST}; ")


@pytest.mark.parametrize("key", ["unknown_effect", "timeout", "any"])
@pytest.mark.parametrize("action", ["fail", "skip", {"use": {}}, {"escalate": "up"}])
def test_what_the_spec_says_counts(key: str, action: Json) -> None:
    up = {"levels": [{"notify": {"text": "Look!"}}], "on_exhausted": "fail"}
    plan = pipeline({"pay": {**WRITE, "catch": {key: action}}}, escalations={"up": up})
    assert run(plan).of(AskPerson) == []


@pytest.mark.parametrize("key", ["unknown_effect", "any"])
def test_another_agent_is_not_given_it_and_a_person_is_asked(key: str) -> None:
    plan = pipeline({"pay": {**WRITE, "catch": {key: {"agent": "do"}}}})
    assert may_ask_whether(plan.steps["pay"])
    assert run(plan, person=says("replace", {})).told()[1:3] == ["Escalate pay", "AskPerson pay"]


def test_with_a_key_as_well_once_it_is_given_up() -> None:
    step = {**WRITE, "idempotency_key": "k", "retry": {"max_attempts": 2}}
    done = run(pipeline({"pay": step}), person=says("abort"))
    assert [start.key for start in done.of(StartAttempt)] == ["k", "k"]
    (asked,) = done.of(AskPerson)
    assert asked.failure.message == f"{LOST}; its idempotency key is 'k'"


@pytest.mark.parametrize(
    ("catch", "may"),
    [
        ({}, True),
        ({"rejected": "skip"}, True),
        ({"timeout": "fail"}, True),  # a process may die
        ({"any": {"agent": "do"}}, True),
        ({"any": "fail"}, False),
        ({"unknown_effect": "fail"}, False),
    ],
)
def test_which_steps_may_ask(catch: dict[str, Json], may: bool) -> None:
    assert may_ask_whether(pipeline({"a": {**WRITE, "catch": catch}}).steps["a"]) is may
    assert not may_ask_whether(pipeline({"a": {"agent": "do", "catch": catch}}).steps["a"])


def test_the_budget_of_escalations_does_not_speak_of_it() -> None:
    done = run(pipeline({"pay": WRITE}, budget={"escalations": 0}), person=says("replace", {}))
    assert done.state.status == "succeeded"
    assert done.state.root is not None
    assert done.state.root.purse.spent.get("escalations", 0) == 0


def test_each_item_asks_for_itself_and_the_others_go_on() -> None:
    each = {"over": [0, 1, 2], "max": 3, "as": "n"}
    plan = pipeline({"pay": {**WRITE, "with": {"n": "${{ n }}"}, "for_each": each}})
    script = lambda call: FailureClass.TIMEOUT if call.input["n"] == 1 else {}  # noqa: E731
    done = run(plan, script, says("replace", {"by": "hand"}))
    assert [asked.step for asked in done.of(AskPerson)] == ["pay[1]"]
    assert done.state.root is not None
    assert done.state.root.steps["pay"].output == [{}, {"by": "hand"}, {}]


@pytest.mark.parametrize("fail_fast", [False, True])
def test_nobody_is_asked_about_a_part_of_what_has_failed(fail_fast: bool) -> None:
    """The run fails because of the read; what it says is that nobody knows about the write."""
    plan = pipeline({"bad": {"agent": "do"}, "pay": WRITE}, fail_fast=fail_fast)
    script = lambda call: (  # noqa: E731
        FailureClass.REJECTED if call.step == "bad" else (FailureClass.TIMEOUT, 9.0)
    )
    done = run(plan, script)
    assert done.of(AskPerson) == []
    assert done.state.root is not None
    assert done.state.root.steps["pay"].status == "unknown"
    assert done.state.failure == events.Failure(
        UNKNOWN,
        "step 'bad' failed: as the script says, and what was in flight inside may have had its effect",
        FailureClass.REJECTED,
    )


def test_a_question_ends_when_what_is_around_it_fails() -> None:
    plan = pipeline({"bad": {"agent": "do"}, "pay": WRITE})
    script = lambda call: (  # noqa: E731
        (FailureClass.REJECTED, 99.0) if call.step == "bad" else FailureClass.TIMEOUT
    )
    done = run(plan, script)
    (fail,) = [one for one in done.of(events.FailStep) if one.step == "pay"]
    assert fail.status == "unknown"
    assert fail.failure == events.Failure(
        UNKNOWN, f"{LOST}; step 'bad' failed: as the script says", FailureClass.TIMEOUT
    )
    assert done.state.people.open == {}


def test_in_a_pipeline_inside_it_is_asked_there() -> None:
    child = spec_of({"pay": WRITE}, name="child", outputs={"paid": "${{ steps.pay.output.id }}"})
    step = {"pipeline": "child.yaml", "catch": {"rejected": "skip"}}
    plan = pipeline({"shop": step}, files={"child.yaml": child})
    done = run(plan, person=says("replace", {"id": "r1"}))
    assert [asked.step for asked in done.of(AskPerson)] == ["shop/pay"]
    assert done.state.root is not None
    assert done.state.root.steps["shop"].output == {"paid": "r1"}


@pytest.mark.parametrize("key", ["unknown_effect", "timeout", "any"])
def test_what_is_said_around_the_step_counts_as_well(key: str) -> None:
    catch = {"catch": {key: "skip"}}
    child = {"child.yaml": spec_of({"pay": WRITE}, name="child")}
    group: Json = {"steps": {"pay": WRITE}}
    for step in (group, {"steps": {"inner": group}}, {"pipeline": "child.yaml"}):
        done = run(pipeline({"shop": {**step, **catch}}, files=child))
        assert done.of(AskPerson) == []
        assert done.state.status == "succeeded"


def test_a_task_of_a_delegate_asks_as_well() -> None:
    task = {"id": "t", "worker": "payer", "input": {}}
    step = {"delegate": {"plan": [task], "workers": {"payer": "write"}, "max_tasks": 1}}
    done = run(pipeline({"work": step}), person=says("replace", {"id": "r1"}))
    assert [asked.step for asked in done.of(AskPerson)] == ["work/payer[:t]"]
    assert done.state.root is not None
    assert done.state.root.steps["work"].output == {"t": {"id": "r1"}}


def desk(**tool: Json) -> Plan:
    """A model that may pay, once somebody has approved if the tool says so."""
    common: dict[str, Json] = {"input": {"type": "object"}, "output": ID}
    payer = {"kind": "command", "argv": ["true"], "effects": "write", **common}
    clerk = {"kind": "llm", "model": "a/b", "tools": [{"agent": "payer", **tool}]}
    return plan_of(
        {
            "agentflow": 1,
            "name": "desk",
            "agents": {"payer": payer, "clerk": {**clerk, **common, "output": {"type": "string"}}},
            "steps": {"answer": {"agent": "clerk"}},
        }
    )


def model(call: StartAttempt) -> Any:
    """It pays, which is lost once, and is content with what came of it."""
    if call.agent == "payer":
        return {"id": "r2"} if call.attempt == 2 else FailureClass.TIMEOUT
    return ask(("payer", {"n": 1})) if call.turn == 1 else "done"


@pytest.mark.parametrize(
    ("said", "result"),
    [(Said("replace", {"id": "r1"}, 1.0), "r1"), (Said("retry", None, 1.0), "r2")],
)
def test_a_call_of_a_tool_asks_and_its_model_is_told(said: Said, result: str) -> None:
    done = run(desk(), model, lambda _question: said)
    (asked,) = done.of(AskPerson)
    assert (asked.step, asked.tool, asked.input) == ("answer/payer[@1.1]", None, {"n": 1})
    assert asked.answers == ["replace", "retry", "abort"]
    outputs = [one.value for one in done.of(events.TakeAnswer) if one.value is not None]
    assert outputs == ([{"id": "r1"}] if result == "r1" else [])
    assert done.state.status == "succeeded"


def test_a_call_of_a_tool_that_was_approved_asks_as_well() -> None:
    said = iter([Said("approve", None, 1.0), Said("replace", {"id": "r1"}, 1.0)])
    approve: Json = {"ask": "Pay?", "within": "1h"}
    done = run(desk(approve=approve), model, lambda _question: next(said))
    assert [asked.tool for asked in done.of(AskPerson)] == ["payer", None]
    assert done.state.status == "succeeded"


def test_nobody_knows_about_a_tool_and_its_model_does_not_go_on() -> None:
    done = run(desk(), model, says("abort"))
    assert ends(done) == [("answer/payer[@1.1]", "unknown"), ("answer", "failed")]
    assert len(done.of(AskPerson)) == 1


def test_an_answer_that_another_agent_was_not_sure_of_cannot_be_approved() -> None:
    """It was held back before the write took over, and says nothing about what that did."""
    sure: Json = {
        "type": "object",
        "required": ["sure"],
        "properties": {"sure": {"type": "number"}},
    }
    gate = {"field": "sure", "min": 0.5}
    spec = spec_of(
        {"a": {"agent": "do", "catch": {"low_confidence": {"agent": "write"}}}}, output=sure
    )
    spec["agents"]["do"]["confidence"] = gate
    done = run(
        plan_of(spec),
        lambda call: FailureClass.TIMEOUT if call.agent == "write" else {"sure": 0.1},
    )
    (asked,) = done.of(AskPerson)
    assert (asked.answers, asked.output) == (["replace", "retry", "abort"], None)
