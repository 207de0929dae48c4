"""`fail_fast`: what is in flight beside a step that fails for good is stopped at once."""

from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, drive, pipeline, spec_of

DO: Json = {"agent": "do"}
WRITE: Json = {"agent": "write"}


def run(steps: dict[str, Json], child: dict[str, Json] | None = None, **more: Any) -> Run:
    """Steps called `bad` fail after a second, everything else takes a minute."""

    def script(call: StartAttempt) -> Any:
        bad = call.step.endswith("bad") or call.input.get("bad")
        return FailureClass.REJECTED if bad else ({}, 60.0)

    files = {"child.yaml": spec_of(child["steps"], **child["more"])} if child else {}
    plan = pipeline(steps, files=files, **more)
    found = drive(plan, script)
    assert replay(plan, found.entries).divergence is None
    return found


def took(found: Run) -> float:
    return found.state.now - START


def stopped(found: Run) -> dict[str, str]:
    """How the attempts that were stopped ended; each for the same reason."""
    cancels = found.of(events.CancelAttempt)
    assert {cancel.reason.rule for cancel in cancels} <= {"language.fail_fast"}
    return {cancel.step: cancel.status for cancel in cancels}


def test_without_it_what_is_in_flight_may_end() -> None:
    found = run({"bad": DO, "a": DO})
    assert (took(found), stopped(found)) == (60, {})


def test_a_whole_pipeline() -> None:
    found = run(
        {"bad": DO, "a": DO, "b": WRITE, "c": {"agent": "do", "needs": ["a"]}}, fail_fast=True
    )
    assert (took(found), stopped(found)) == (1, {"a": "cancelled", "b": "unknown"})
    assert found.state.failure == events.Failure(
        FailureClass.UNKNOWN_EFFECT,
        "step 'bad' failed: as the script says, "
        "and what was in flight inside may have had its effect",
        FailureClass.REJECTED,
    )
    (first, _) = found.of(events.CancelAttempt)
    assert first.reason.text == "step 'bad' failed: as the script says"


def test_a_failure_that_is_caught_stops_nothing() -> None:
    found = run({"bad": {"agent": "do", "catch": {"rejected": "skip"}}, "a": DO}, fail_fast=True)
    assert (found.state.status, took(found)) == ("succeeded", 60)


GROUP: dict[str, Json] = {"steps": {"bad": DO, "a": DO}}
ITEMS: dict[str, Json] = {"agent": "do", "with": {"bad": "${{ item }}"}}
INPUT: Json = {"type": "object", "properties": {"bad": {"type": "boolean"}}}


@pytest.mark.parametrize(
    ("step", "at"),
    [
        ({**GROUP, "fail_fast": True}, "s/a"),
        ({"loop": {"max": 2, "until": "true", "fail_fast": True, **GROUP}}, "s[#0]/a"),
        ({"switch": "x", "cases": {"x": {"fail_fast": True, **GROUP}}}, "s/x/a"),
        ({"switch": "y", "cases": {"x": {}}, "default": {"fail_fast": True, **GROUP}}, "s/*/a"),
        (
            {**ITEMS, "for_each": {"over": [True, False], "max": 2, "fail_fast": True}},
            "s[1]",
        ),
        ({"pipeline": "child.yaml", "fail_fast": True}, "s/a"),
        (
            {
                **ITEMS,
                "for_each": {
                    "over": [True, False],
                    "max": 2,
                    "min_success": 2,
                    "fail_fast": True,
                },
            },
            "s[1]",
        ),
        (
            {
                "delegate": {
                    "plan": [
                        {"id": "b", "worker": "w", "input": {"bad": True}},
                        {"id": "a", "worker": "w", "input": {}},
                    ],
                    "workers": {"w": "do"},
                    "max_tasks": 2,
                    "fail_fast": True,
                }
            },
            "s/w[:a]",
        ),
    ],
)
def test_what_is_inside_a_step_and_nothing_beside_it(step: Json, at: str) -> None:
    child = {"steps": {"bad": DO, "a": DO}, "more": {"name": "child"}}
    found = run({"s": step, "beside": DO}, child, input=INPUT)
    assert (took(found), stopped(found)) == (60, {at: "cancelled"})
    assert found.state.status == "failed"


def test_it_holds_for_all_inside_that_does_not_say_otherwise() -> None:
    steps: dict[str, Json] = {
        "s": {"steps": {"bad": {**GROUP, "catch": {"any": "skip"}}, "a": DO}},
        "t": {"steps": {"bad": {**GROUP, "fail_fast": False, "catch": {"any": "skip"}}, "a": DO}},
    }
    found = run(steps, fail_fast=True)
    assert (found.state.status, stopped(found)) == ("succeeded", {"s/bad/a": "cancelled"})


def test_a_pipeline_inside_says_it_for_itself() -> None:
    group: Json = {"pipeline": "child.yaml", "catch": {"any": "skip"}}
    for said, expected in ((True, {"s/a": "cancelled"}), (False, {})):
        child = {"steps": {"bad": DO, "a": DO}, "more": {"name": "child", "fail_fast": said}}
        found = run({"s": group}, child, fail_fast=not said)
        assert (found.state.status, stopped(found)) == ("succeeded", expected)


def test_deep_inside_what_is_beside_the_failure() -> None:
    deep: Json = {"steps": {"g": {"for_each": {"over": [1, 2], "max": 2}, "steps": {"a": WRITE}}}}
    found = run({"bad": DO, "s": deep}, fail_fast=True)
    assert stopped(found) == {"s/g[0]/a": "unknown", "s/g[1]/a": "unknown"}
    assert [cancel.step for cancel in found.of(events.CancelStep)] == [
        "s/g[0]",
        "s/g[1]",
        "s/g",
        "s",
    ]
    assert took(found) == 1


def test_a_question_beside_the_failure_is_given_up_either_way() -> None:
    ask: Json = {
        "human": {"ask": "Well?", "answer": {"type": "boolean"}},
        "timeout": "1h",
        "catch": {"timeout": "fail"},
    }
    found = run({"bad": DO, "s": ask}, fail_fast=True)
    (cancel,) = found.of(events.CancelStep)
    assert (cancel.step, cancel.reason.rule) == ("s", "language.failure")


def test_a_scope_that_is_closed_from_outside_is_ended_as_those_around_it_say() -> None:
    inner = {"steps": {"a": DO}, "fail_fast": True}
    assert took(run({"bad": DO, "inner": inner})) == 60, "what is in flight there may end"
    found = run({"bad": DO, "inner": {**inner, "fail_fast": False}}, fail_fast=True)
    assert (took(found), stopped(found)) == (1, {"inner/a": "cancelled"})


def test_what_closes_a_scope_first_says_how_it_is_ended() -> None:
    inner = {"steps": {"late_bad": {"agent": "do", "needs": ["a"]}, "a": DO, "b": DO}}
    found = run({"bad": DO, "inner": {**inner, "fail_fast": True}})
    # `b` is in flight when the whole closes, and nothing in `inner` has failed by then.
    assert (took(found), stopped(found)) == (60, {})
    assert [d.step for d in found.of(events.StartAttempt)] == ["bad", "inner/a", "inner/b"]
