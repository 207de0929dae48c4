"""Pipelines inside pipelines: what they see, what they may use up, how they end."""

import pytest

from agentflow.core import events
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.core.table import IllegalTransition
from agentflow.plan.calls import plans_within, step_at
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, drive, pipeline, spec_of, started

ONCE = {"max_attempts": 2, "on": ["timeout"], "backoff": {"initial": "1s", "jitter": "none"}}


def child(steps: Json, **more: Json) -> dict[str, dict[str, Json]]:
    """The file `child.yaml`."""
    return {"child.yaml": spec_of(steps, name="child", **more)}


def failure_of(run: Run) -> str:
    assert run.state.failure is not None
    return f"{run.state.failure.kind}: {run.state.failure.message}"


def test_a_pipeline_runs_in_the_place_of_its_step() -> None:
    files = child(
        {
            "a": {"agent": "do", "with": {"n": "${{ inputs.n }}"}},
            "b": {"agent": "do", "needs": ["a"]},
        },
        outputs={"n": "${{ steps.a.output.n }}", "run": "${{ run.id }}"},
    )
    plan = pipeline(
        {"inner": {"pipeline": "child.yaml", "with": {"n": 7}}},
        files=files,
        outputs={"got": "${{ steps.inner.output }}"},
    )
    run = drive(plan)
    assert run.told() == [
        "EnterPipeline inner",
        "StartAttempt inner/a",
        "AcceptOutput inner/a",
        "StartAttempt inner/b",
        "AcceptOutput inner/b",
        "CompleteStep inner",
        "FinishRun",
    ]
    assert run.state.outputs == {"got": {"n": 7, "run": "r1"}}
    assert replay(plan, run.entries).divergence is None


def test_nothing_of_the_caller_can_be_seen_inside() -> None:
    files = child(
        {"look": {"agent": "do", "with": {"seen": "${{ default(inputs.secret, 'nothing') }}"}}},
        inputs={"type": "object"},
        outputs={"seen": "${{ steps.look.output.seen }}"},
    )
    plan = pipeline(
        {
            "before": {"agent": "do"},
            "inner": {
                "needs": ["before"],
                "for_each": {"over": [1], "max": 1, "as": "thing"},
                "pipeline": "child.yaml",
            },
        },
        files=files,
        inputs={"type": "object"},
        outputs={"seen": "${{ steps.inner.output[0].seen }}"},
    )
    run = drive(plan, inputs={"secret": "s3cret"})
    assert run.state.outputs == {"seen": "nothing"}
    assert run.state.root is not None
    inner = run.state.root.steps["inner"]
    assert inner.status == "succeeded"
    # The scope of a pipeline has none around it to look names up in.
    state = fold(plan, run.entries[:2])
    assert state.root is not None
    (item,) = state.root.steps["inner"].inside.items  # type: ignore[union-attr]
    assert item.inside is not None
    assert item.inside.parent is None
    assert set(item.inside.env) == {"inputs", "run", "steps"}


def test_defaults_of_its_inputs_are_filled_in_and_recorded() -> None:
    inputs = {
        "type": "object",
        "required": ["n", "word"],
        "properties": {"n": {"type": "integer"}, "word": {"type": "string", "default": "hello"}},
    }
    files = child({"a": {"agent": "do"}}, inputs=inputs)
    run = drive(pipeline({"inner": {"pipeline": "child.yaml", "with": {"n": 1}}}, files=files))
    (entered,) = run.of(events.EnterPipeline)
    assert entered.inputs == {"n": 1, "word": "hello"}


def test_inputs_that_break_its_contract_are_rejected_and_nothing_of_it_starts() -> None:
    files = child(
        {"a": {"agent": "do"}},
        inputs={"type": "object", "properties": {"n": {"type": "integer"}}},
    )
    plan = pipeline(
        {
            "first": {"agent": "do"},
            "inner": {"pipeline": "child.yaml", "with": {"n": "${{ steps.first.output }}"}},
        },
        files=files,
    )
    run = drive(plan, lambda call: "text")
    assert failure_of(run) == (
        "rejected: step 'inner' failed: the inputs break the contract of 'child': "
        'n: expected integer, found string "text"'
    )
    assert len(run.of(events.StartAttempt)) == 1


def test_its_failure_is_the_failure_of_the_step_by_its_class() -> None:
    files = child({"a": {"agent": "do"}, "b": {"agent": "do", "needs": ["a"]}})
    steps = {"inner": {"pipeline": "child.yaml", "catch": {"timeout": {"use": {"x": 1}}}}}
    plan = pipeline(steps, files=files, outputs={"x": "${{ steps.inner.output.x }}"})
    assert drive(plan, lambda call: FailureClass.TIMEOUT).state.outputs == {"x": 1}
    run = drive(plan, lambda call: FailureClass.REJECTED)
    assert failure_of(run) == "rejected: step 'inner/a' failed: as the script says"


def test_outputs_that_cannot_be_had_fail_the_step() -> None:
    files = child({"a": {"agent": "do"}}, outputs={"x": "${{ steps.a.output.gone }}"})
    plan = pipeline(
        {"inner": {"pipeline": "child.yaml", "catch": {"rejected": "skip"}}}, files=files
    )
    run = drive(plan)
    (skip,) = run.of(events.SkipStep)
    assert skip.reason.text == "'output': 'steps.a.output' has no field 'gone'"


def test_a_condition_and_items_are_about_all_of_it() -> None:
    files = child(
        {"a": {"agent": "do", "with": {"n": "${{ inputs.n }}"}}},
        outputs={"n": "${{ steps.a.output.n }}"},
    )
    plan = pipeline(
        {
            "off": {"when": "false", "pipeline": "child.yaml"},
            "each": {
                "for_each": {"over": [1, 2, 3], "max": 3, "parallel": 1},
                "pipeline": "child.yaml",
                "with": {"n": "${{ item }}"},
                "catch": {"rejected": "skip"},
            },
        },
        files=files,
        outputs={"n": "${{ steps.each.output.map(o, o.n) }}"},
    )
    run = drive(plan, lambda c: FailureClass.REJECTED if c.input == {"n": 2} else dict(c.input))
    assert run.state.outputs == {"n": [1, 3]}
    assert [start.step for start in run.of(events.StartAttempt)] == [
        "each[0]/a",
        "each[1]/a",
        "each[2]/a",
    ]


# --- budgets -------------------------------------------------------------------------------


def test_its_calls_are_bounded_by_its_own_budget_and_charged_to_the_run_too() -> None:
    files = child({"a": {"agent": "do"}, "b": {"agent": "do", "needs": ["a"]}}, budget={"calls": 1})
    steps = {
        "inner": {"pipeline": "child.yaml", "catch": {"budget_exceeded": "skip"}},
        "more": {"agent": "do", "needs": ["inner"]},
        "last": {"agent": "do", "needs": ["more"]},
    }
    run = drive(pipeline(steps, files=files, budget={"calls": 2}))
    (skip,) = run.of(events.SkipStep)
    assert (
        skip.reason.text == "step 'inner/b' failed: the 1 call of 'inner' (budget.calls) is used up"
    )
    assert failure_of(run) == (
        "budget_exceeded: step 'last' failed: the run's 2 calls (budget.calls) are used up"
    )
    assert run.state.root is not None
    assert run.state.root.purse.spent.get("calls", 0) == 2


def test_it_has_no_more_than_its_caller_has_left() -> None:
    files = child({"a": {"agent": "do"}, "b": {"agent": "do"}}, budget={"calls": 100})
    steps = {"first": {"agent": "do"}, "inner": {"needs": ["first"], "pipeline": "child.yaml"}}
    run = drive(pipeline(steps, files=files, budget={"calls": 2}))
    assert failure_of(run) == (
        "budget_exceeded: step 'inner/b' failed: the run's 2 calls (budget.calls) are used up"
    )


def test_each_time_it_runs_it_has_a_budget_of_its_own() -> None:
    files = child({"a": {"agent": "do"}}, budget={"calls": 1})
    steps = {"each": {"for_each": {"over": [1, 2, 3], "max": 3}, "pipeline": "child.yaml"}}
    assert drive(pipeline(steps, files=files)).state.status == "succeeded"


@pytest.mark.parametrize(
    ("own", "of_run", "says"),
    [
        (0, 5, "the 0 retries of 'inner' (budget.retries) are used up"),
        (5, 0, "the run's 0 retries (budget.retries) are used up"),
    ],
)
def test_retries_draw_from_both(own: int, of_run: int, says: str) -> None:
    files = child({"a": {"agent": "do", "retry": ONCE}}, budget={"retries": own})
    plan = pipeline({"inner": {"pipeline": "child.yaml"}}, files=files, budget={"retries": of_run})
    run = drive(plan, lambda call: FailureClass.TIMEOUT)
    assert run.of(events.FailStep)[0].reason.figures["no_retry"] == says
    assert len(run.of(events.StartAttempt)) == 1


def test_a_retry_inside_is_counted_inside_and_outside() -> None:
    files = child({"a": {"agent": "do", "retry": ONCE}})
    plan = pipeline({"inner": {"pipeline": "child.yaml"}}, files=files)
    run = drive(plan, lambda c: {} if c.attempt == 2 else FailureClass.TIMEOUT)
    state = fold(plan, run.entries[:3])
    assert state.root is not None
    inside = state.root.steps["inner"].inside
    assert inside is not None
    assert inside.purse.spent["retries"] == state.root.purse.spent["retries"] == 1
    assert (inside.purse.spent.get("calls", 0), state.root.purse.spent.get("calls", 0)) == (1, 1)


def test_when_its_time_is_over_what_is_in_flight_inside_is_stopped_and_the_run_goes_on() -> None:
    files = child(
        {
            "slow": {"agent": "do"},
            "write": {"agent": "write"},
            "group": {"steps": {"deep": {"agent": "do"}}},
        },
        budget={"wall": "5s"},
    )
    steps = {
        "inner": {"pipeline": "child.yaml", "catch": {"budget_exceeded": "skip"}},
        "beside": {"agent": "do"},
    }
    plan = pipeline(steps, files=files)
    run = drive(plan, lambda call: ({}, 60.0))
    assert [(d.step, d.status) for d in run.of(events.CancelAttempt)] == [
        ("inner/slow", "cancelled"),
        ("inner/write", "unknown"),
        ("inner/group/deep", "cancelled"),
    ]
    (skip,) = run.of(events.SkipStep)
    assert skip.reason.text == (
        "'inner' took longer than 5s (budget.wall), "
        "and what was in flight inside may have had its effect"
    )
    assert run.state.status == "succeeded"
    assert run.state.now == START + 60
    assert replay(plan, run.entries).divergence is None


def test_no_wait_is_begun_that_its_time_will_not_see_the_end_of() -> None:
    late = {"max_attempts": 2, "on": ["timeout"], "backoff": {"initial": "30s", "jitter": "none"}}
    files = child({"a": {"agent": "do", "retry": late}}, budget={"wall": "5s"})
    run = drive(
        pipeline({"inner": {"pipeline": "child.yaml"}}, files=files),
        lambda call: FailureClass.TIMEOUT,
    )
    assert run.of(events.Retry) == []
    (fail, _) = run.of(events.FailStep)
    assert fail.reason.figures["no_retry"] == (
        "'inner' is over in 4s (budget.wall), before a wait of 30s"
    )


def test_its_time_is_not_watched_where_that_of_the_caller_is_over_first() -> None:
    files = child({"a": {"agent": "do"}}, budget={"wall": "1h"})
    plan = pipeline({"inner": {"pipeline": "child.yaml"}}, files=files, budget={"wall": "5s"})
    run = drive(plan, lambda call: ({}, 60.0))
    (entered,) = run.of(events.EnterPipeline)
    assert entered.wall is None
    assert failure_of(run) == "budget_exceeded: the run took longer than 5s (budget.wall)"


def test_time_cannot_run_out_where_it_is_not_watched() -> None:
    plan = pipeline({"a": {"agent": "do"}})
    state = evolve(State(plan), started())
    with pytest.raises(IllegalTransition, match="TimeRanOut is impossible: 'a' is without a time"):
        evolve(state, events.TimeRanOut(START, "a"))


# --- addresses -----------------------------------------------------------------------------


def test_pipelines_nest_and_their_addresses_with_them() -> None:
    files = {
        "lib/mid.yaml": spec_of(
            {"in": {"for_each": {"over": [1], "max": 1}, "pipeline": "../low.yaml"}}, name="mid"
        ),
        "low.yaml": spec_of({"a": {"agent": "do"}}, name="low"),
    }
    steps = {
        "one": {"steps": {"mid": {"pipeline": "lib/mid.yaml"}}},
        "two": {"pipeline": "low.yaml"},
    }
    plan = pipeline(steps, files=files)
    run = drive(plan)
    assert [s.step for s in run.of(events.StartAttempt)] == ["two/a", "one/mid/in[0]/a"]
    assert [inner.file for inner in plans_within(plan)] == ["test.yaml", "lib/mid.yaml", "low.yaml"]
    owner, step = step_at(plan, "one/mid/in[0]/a")
    assert (owner.file, step.address) == ("low.yaml", "a")
    assert step_at(plan, "two/a")[0] is owner
    with pytest.raises(KeyError, match="one/mid/gone"):
        step_at(plan, "one/mid/gone")
