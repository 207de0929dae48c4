"""Times of steps: of all that a step comes to, and of what is inside of it."""

import pytest

from agentflow.core import events
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.core.table import IllegalTransition
from agentflow.engines.virtual import Said
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, drive, pipeline, spec_of, started

SLOW = {"slow": {"agent": "do"}}
#: Steps with `SLOW` inside, by their kind.
AROUND: dict[str, Json] = {
    "group": {"steps": SLOW},
    "switch": {"switch": "x", "cases": {"x": {"steps": SLOW}}},
    "loop": {"loop": {"max": 3, "until": "false", "no_progress": "continue", "steps": SLOW}},
    "pipeline": {"pipeline": "child.yaml"},
    "delegate": {
        "delegate": {
            "plan": [{"id": "slow", "worker": "do"}],
            "workers": {"do": "do"},
            "max_tasks": 1,
        }
    },
}
FILES = {"child.yaml": spec_of(SLOW, name="child")}
AGAIN = {"max_attempts": 9, "backoff": {"initial": "3s", "factor": 1, "jitter": "none"}}


def ended(run: Run) -> list[tuple[str, float]]:
    """The decisions that ended something, with the seconds since the start."""
    kinds = (events.FailStep, events.CancelAttempt, events.CancelStep, events.SkipStep)
    return [
        (f"{type(made).__name__} {made.step}", entry.fact.at - START)
        for entry in run.entries
        for made in entry.decisions
        if isinstance(made, kinds)
    ]


def why(run: Run) -> str:
    assert run.state.failure is not None
    assert replay(run.state.plan, run.entries).divergence is None
    return f"{run.state.failure.kind}: {run.state.failure.message}"


@pytest.mark.parametrize("kind", AROUND)
def test_what_is_in_flight_inside_is_stopped_when_the_time_of_the_step_is_over(kind: str) -> None:
    plan = pipeline({"all": {**AROUND[kind], "timeout": "5s"}}, files=FILES)
    run = drive(plan, lambda call: ({}, 60.0))
    assert why(run) == "timeout: 'all' took longer than 5s (timeout)"
    (stopped,) = run.of(events.CancelAttempt)
    assert stopped.reason.text == "'all' took longer than 5s (timeout)"
    assert run.state.now == START + 5


@pytest.mark.parametrize("kind", AROUND)
def test_a_step_that_is_done_in_time_is_left_alone(kind: str) -> None:
    step = {**AROUND[kind], "timeout": "5s", "catch": {"exhausted": {"use": 1}}}
    run = drive(pipeline({"all": step, "after": {"needs": ["all"], "agent": "do"}}, files=FILES))
    assert run.state.status == "succeeded"
    assert run.state.timed == {}
    (deadline,) = run.of(events.SetDeadline)
    assert (deadline.step, deadline.limit, deadline.seconds) == ("all", "timeout", 5)
    assert deadline.reason.rule == "all.timeout"


def test_catch_takes_the_end_of_the_time_and_the_run_goes_on() -> None:
    step = {"steps": SLOW, "timeout": "5s", "catch": {"timeout": {"use": "late"}}}
    plan = pipeline({"all": step}, outputs={"all": "${{ steps.all.output }}"})
    assert drive(plan, lambda call: ({}, 60.0)).state.outputs == {"all": "late"}


def test_what_may_have_had_its_effect_when_the_time_was_over_is_unknown() -> None:
    run = drive(
        pipeline({"all": {"steps": {"w": {"agent": "write"}}, "timeout": "5s"}}),
        lambda call: ({}, 60.0),
    )
    (stopped,) = run.of(events.CancelAttempt)
    assert (stopped.step, stopped.status) == ("all/w", "unknown")


@pytest.mark.parametrize(
    ("catch", "taken"),
    [
        ({"timeout": "skip", "unknown_effect": {"use": "ask"}}, "UseValue"),
        ({"timeout": {"use": "late"}}, "UseValue"),  # the cause, where nothing is said of the class
        ({}, "FailStep"),
    ],
    ids=["of the effect", "of the time", "none"],
)
@pytest.mark.parametrize("deep", [False, True], ids=["in it", "deep in it"])
def test_that_nobody_knows_weighs_more_than_that_a_time_is_over(
    catch: Json, taken: str, deep: bool
) -> None:
    write = {"w": {"agent": "write"}}
    inside = {"g": {"steps": write}} if deep else write
    step = {"steps": inside, "timeout": "5s", "catch": catch}
    run = drive(pipeline({"all": step}), lambda call: ({}, 60.0))
    made = run.decisions[-2]
    assert (type(made).__name__, made.step) == (taken, "all")  # type: ignore[union-attr]
    if taken == "FailStep":
        assert why(run) == (
            "unknown_effect: 'all' took longer than 5s (timeout), "
            "and what was in flight inside may have had its effect"
        )
        assert run.state.failure is not None
        assert run.state.failure.cause is FailureClass.TIMEOUT


def test_what_was_caught_inside_is_known() -> None:
    """The step that may have acted was taken care of before the time was over."""
    write = {"agent": "write", "timeout": "1s", "catch": {"unknown_effect": "skip"}}
    inside = {"w": write, "slow": {"agent": "do", "needs": ["w"]}}
    run = drive(pipeline({"all": {"steps": inside, "timeout": "5s"}}), lambda call: ({}, 60.0))
    assert why(run) == "timeout: 'all' took longer than 5s (timeout)"


def test_each_instance_has_the_timeout_anew_and_all_together_the_wall() -> None:
    step = {
        "for_each": {"over": [1, 2, 3], "max": 3, "parallel": 1},
        "steps": SLOW,
        "timeout": "5s",
        "catch": {"timeout": "skip"},
    }
    run = drive(pipeline({"all": step}), lambda call: ({}, 60.0))
    assert run.state.status == "succeeded"
    assert [at for what, at in ended(run) if what.startswith("SkipStep")] == [5, 10, 15]
    run = drive(pipeline({"all": {**step, "budget": {"wall": "12s"}}}), lambda call: ({}, 60.0))
    assert why(run) == "budget_exceeded: 'all' took longer than 12s (budget.wall)"
    assert run.state.now == START + 12


def test_an_attempt_is_given_what_is_left_of_the_time_around_it() -> None:
    inner = {"first": {"agent": "do"}, "second": {"agent": "do", "needs": ["first"]}}
    plan = pipeline({"all": {"steps": inner, "timeout": "5s"}})
    run = drive(plan, lambda call: {} if call.step == "all/first" else ({}, 60.0))
    first, second = run.of(events.StartAttempt)
    assert (first.timeout, second.timeout) == (5, 4)
    assert second.reason.text == "ended: first; 4s are left (timeout)"


def test_no_wait_is_begun_beyond_the_time_of_the_step() -> None:
    plan = pipeline(
        {"all": {"steps": {"a": {"agent": "do", "retry": AGAIN}}, "timeout": "6s"}},
    )
    run = drive(plan, lambda call: FailureClass.NOT_SENT)
    assert len(run.of(events.StartAttempt)) == 2
    (inside, _) = run.of(events.FailStep)
    assert inside.reason.figures["no_retry"] == (
        "'all' is over in 1s (timeout), before a wait of 3s"
    )


def test_an_agents_step_has_its_wall_for_all_attempts_and_waits() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": AGAIN, "budget": {"wall": "10s"}}})
    run = drive(plan, lambda call: FailureClass.NOT_SENT)
    assert [made.timeout for made in run.of(events.StartAttempt)] == [10, 6, 2]
    (fail,) = run.of(events.FailStep)
    assert fail.reason.figures["no_retry"] == (
        "'a' is over in 1s (budget.wall), before a wait of 3s"
    )


def test_an_attempt_that_the_wall_of_its_step_cuts_short_is_no_mere_timeout() -> None:
    step = {"agent": "do", "budget": {"wall": "10s"}}
    run = drive(pipeline({"a": step}), lambda call: ({}, 60.0))
    assert why(run) == (
        "budget_exceeded: step 'a' failed: no answer within 10s; "
        "'a' took longer than 10s (budget.wall)"
    )
    step["catch"] = {"timeout": {"agent": "do"}}
    run = drive(pipeline({"a": step}), lambda call: ({}, 60.0))
    assert why(run) == ("budget_exceeded: step 'a' failed: 'a' took longer than 10s (budget.wall)")
    assert len(run.of(events.StartAttempt)) == 1, "there is no time for another agent"


def test_a_write_that_its_wall_cuts_short_is_unknown() -> None:
    run = drive(
        pipeline({"a": {"agent": "write", "budget": {"wall": "10s"}}}), lambda call: ({}, 60.0)
    )
    (fail,) = run.of(events.FailStep)
    assert (fail.status, fail.failure.kind) == ("unknown", "unknown_effect")


def test_a_question_is_open_no_longer_than_its_step_has_time() -> None:
    step = {
        "human": {"ask": "Well?", "answer": {"type": "boolean"}},
        "timeout": "1h",
        "budget": {"wall": "10s"},
        "catch": {"budget_exceeded": {"use": False}, "timeout": "fail"},
    }
    plan = pipeline({"ask": step}, outputs={"said": "${{ steps.ask.output }}"})
    run = drive(plan, person=lambda question: Said("approve", None, 30.0))
    assert run.state.outputs == {"said": False}
    assert run.state.now == START + 10
    (closed,) = run.state.people.closed.values()
    assert closed == "the time of its step was up"


def test_an_escalation_ends_with_the_time_of_its_step() -> None:
    escalations = {
        "up": {
            "levels": [{"human": {"ask": "Well?"}, "within": "1h"}, {"agent": "do"}],
            "on_exhausted": {"use": {"by": "nobody"}},
        }
    }
    step = {"agent": "do", "budget": {"wall": "10s"}, "catch": {"any": {"escalate": "up"}}}
    run = drive(
        pipeline({"a": step}, escalations=escalations, outputs={"a": "${{ steps.a.output }}"}),
        lambda call: FailureClass.REJECTED,
    )
    assert run.state.outputs == {"a": {"by": "nobody"}}
    assert run.state.now == START + 10
    (used,) = run.of(events.UseValue)
    assert used.reason.text == ("as the script says; 'a' took longer than 10s (budget.wall)")


def test_the_time_of_a_pipelines_step_goes_on_while_its_caller_is_asked() -> None:
    escalations = {
        "up": {
            "levels": [{"human": {"ask": "Well?"}, "within": "1h"}],
            "on_exhausted": "fail",
        }
    }
    step = {
        "pipeline": "child.yaml",
        "timeout": "5s",
        "budget": {"wall": "20s"},
        "catch": {"timeout": {"escalate": "up"}},
    }
    plan = pipeline({"all": step}, files=FILES, escalations=escalations)
    run = drive(plan, lambda call: ({}, 60.0))
    assert [made.limit for made in run.of(events.SetDeadline)] == ["budget", "timeout"]
    assert [(made.asked - START) for made in run.of(events.AskPerson)] == [5]
    assert run.state.now == START + 20


def test_a_time_beyond_that_around_it_is_not_watched() -> None:
    plan = pipeline({"all": {"steps": SLOW, "timeout": "1h"}}, budget={"wall": "5s"})
    run = drive(plan, lambda call: ({}, 60.0))
    assert run.of(events.SetDeadline) == []
    assert why(run) == "budget_exceeded: the run took longer than 5s (budget.wall)"


def test_the_shorter_time_of_a_pipeline_inside_counts() -> None:
    files = {"child.yaml": spec_of(SLOW, name="child", budget={"wall": "3s"})}
    plan = pipeline({"all": {"pipeline": "child.yaml", "timeout": "5s"}}, files=files)
    run = drive(plan, lambda call: ({}, 60.0))
    assert why(run) == "budget_exceeded: 'all' took longer than 3s (budget.wall)"
    files = {"child.yaml": spec_of(SLOW, name="child", budget={"wall": "9s"})}
    plan = pipeline({"all": {"pipeline": "child.yaml", "timeout": "5s"}}, files=files)
    run = drive(plan, lambda call: ({}, 60.0))
    assert why(run) == "timeout: 'all' took longer than 5s (timeout)"
    (entered,) = run.of(events.EnterPipeline)
    assert entered.wall is None


def test_a_time_begins_once_and_with_its_step() -> None:
    plan = pipeline({"all": {"steps": SLOW, "timeout": "5s"}})
    state = evolve(State(plan), started())
    reason = events.Reason("all.timeout", "it has 5s (timeout)")
    with pytest.raises(IllegalTransition, match="'other' is not about to begin"):
        evolve(state, events.SetDeadline("other", "timeout", 5, reason))
    evolve(state, events.SetDeadline("all", "timeout", 5, reason))
    evolve(state, events.EnterGroup("all", reason))
    with pytest.raises(IllegalTransition, match="'all' is not about to begin"):
        evolve(state, events.SetDeadline("all", "timeout", 5, reason))
