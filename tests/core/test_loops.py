"""Loops: how they go round, end, give up and are taken up again."""

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Run, drive, pipeline


def refining(max: int = 5, **more: Json) -> dict[str, Json]:
    """A loop that grows a text by one letter, until it has three."""
    return {
        "max": max,
        "state": {"text": "a", "rounds": 0},
        "until": "size(steps.grow.output.text) == 3",
        "next": {
            "text": "${{ steps.grow.output.text }}",
            "rounds": "${{ loop.state.rounds + 1 }}",
        },
        "steps": {
            "grow": {"agent": "do", "with": {"text": "${{ loop.state.text }}b"}},
        },
        "output": {"text": "${{ steps.grow.output.text }}", "rounds": "${{ loop.state.rounds }}"},
        **more,
    }


def outputs(run: Run) -> Json:
    return run.state.outputs


def test_each_iteration_starts_with_the_state_that_the_one_before_made() -> None:
    plan = pipeline({"refine": {"loop": refining()}}, outputs={"all": "${{ steps.refine.output }}"})
    run = drive(plan)
    assert run.told() == [
        "BeginIteration refine",
        "StartAttempt refine[#0]/grow",
        "AcceptOutput refine[#0]/grow",
        "BeginIteration refine",
        "StartAttempt refine[#1]/grow",
        "AcceptOutput refine[#1]/grow",
        "CompleteStep refine",
        "FinishRun",
    ]
    first, second = run.of(events.BeginIteration)
    assert (first.index, first.state) == (0, {"text": "a", "rounds": 0})
    assert (second.index, second.state) == (1, {"text": "ab", "rounds": 1})
    assert second.reason.text == "'size(steps.grow.output.text) == 3' is false"
    assert second.reason.figures == {"iteration": 2, "max": 5}
    assert outputs(run) == {"all": {"text": "abb", "rounds": 1}}


def test_what_next_does_not_name_stays_as_it_was() -> None:
    loop = {
        "max": 3,
        "state": {"kept": [1], "count": 0},
        "until": "loop.state.count == 2",
        "next": {"count": "${{ loop.state.count + 1 }}"},
        "steps": {"look": {"agent": "do", "with": {"kept": "${{ loop.state.kept }}"}}},
        "output": "${{ loop }}",
    }
    run = drive(pipeline({"l": {"loop": loop}}, outputs={"l": "${{ steps.l.output }}"}))
    assert outputs(run) == {"l": {"index": 2, "state": {"kept": [1], "count": 2}}}


def test_when_max_is_reached_the_loop_is_exhausted() -> None:
    run = drive(pipeline({"refine": {"loop": refining(max=1)}}))
    assert run.state.failure is not None
    assert run.state.failure.kind == "exhausted"
    assert run.state.failure.message == (
        "step 'refine' failed: 'size(steps.grow.output.text) == 3' is false after 1 iteration (loop.max)"
    )


def test_what_is_used_when_exhausted_reads_the_last_iteration() -> None:
    catch = {
        "exhausted": {
            "use": {
                "text": "${{ steps.grow.output.text }}",
                "before": "${{ loop.state.text }}",
                "index": "${{ loop.index }}",
            }
        }
    }
    plan = pipeline(
        {"refine": {"loop": refining(until="false", max=3), "catch": catch}},
        outputs={"all": "${{ steps.refine.output }}"},
    )
    run = drive(plan)
    assert outputs(run) == {"all": {"text": "abbb", "before": "abb", "index": 2}}
    (used,) = run.of(events.UseValue)
    assert used.reason.rule == "refine.catch.exhausted"
    assert used.reason.text == "'false' is false after 3 iterations (loop.max)"


def test_a_state_that_stays_as_it_was_ends_the_loop() -> None:
    loop = refining(until="false", next={"text": "ab"})
    run = drive(pipeline({"refine": {"loop": loop, "catch": {"exhausted": "skip"}}}))
    assert [begun.index for begun in run.of(events.BeginIteration)] == [0, 1]
    (skip,) = run.of(events.SkipStep)
    assert skip.reason.text == "no progress: 'next' leaves the state as it was in iteration 2"


def test_a_loop_may_go_on_without_progress_if_its_author_says_so_or_it_has_no_next() -> None:
    ways: list[dict[str, Json]] = [
        {"next": {"text": "ab"}, "no_progress": "continue"},
        {"next": {}},
    ]
    for more in ways:
        run = drive(pipeline({"refine": {"loop": refining(until="false", **more)}}))
        assert len(run.of(events.BeginIteration)) == 5


def test_a_number_that_becomes_true_is_progress() -> None:
    loop = refining(until="false", max=3, state={"n": 1}, next={"n": True})
    loop["steps"] = {"look": {"agent": "do"}}
    run = drive(pipeline({"refine": {"loop": loop}}))
    assert len(run.of(events.BeginIteration)) == 2


def test_a_failure_inside_is_that_of_the_loop_and_what_catches_it_reads_no_iteration() -> None:
    steps = {
        "refine": {
            "loop": refining(),
            "catch": {"exhausted": {"use": 1}, "timeout": {"use": "${{ run.id }}"}},
        }
    }
    plan = pipeline(steps, outputs={"all": "${{ steps.refine.output }}"})
    run = drive(
        plan,
        lambda call: FailureClass.TIMEOUT if "[#1]" in call.step else dict(call.input),
    )
    assert outputs(run) == {"all": "r1"}


def test_the_end_of_a_loop_inside_is_not_taken_for_the_end_of_the_loop_around_it() -> None:
    inner = refining(until="false", max=1)
    outer = {"max": 2, "until": "true", "steps": {"inner": {"loop": inner}}}
    plan = pipeline(
        {"outer": {"loop": outer, "catch": {"exhausted": {"use": 1}, "any": {"use": 2}}}},
        outputs={"all": "${{ steps.outer.output }}"},
    )
    assert outputs(drive(plan)) == {"all": 2}


def test_loops_inside_of_each_other_and_of_items_have_addresses_of_their_own() -> None:
    inner = {
        "max": 2,
        "state": {"n": "${{ loop.state.n }}"},
        "until": "loop.index == 1",
        "next": {"n": "${{ loop.state.n + 1 }}"},
        "steps": {"do": {"agent": "do", "with": {"n": "${{ loop.state.n * 10 + item }}"}}},
        "output": "${{ steps.do.output.n }}",
    }
    outer = {
        "max": 2,
        "state": {"n": 1},
        "until": "loop.index == 1",
        "next": {"n": "${{ steps.inner.output }}"},
        "steps": {"inner": {"loop": inner}},
        "output": "${{ steps.inner.output }}",
    }
    steps = {"each": {"for_each": {"over": [1, 2], "max": 2}, "loop": outer}}
    run = drive(pipeline(steps, outputs={"all": "${{ steps.each.output }}"}))
    assert outputs(run) == {"all": [221, 232]}
    starts = [start.step for start in run.of(StartAttempt)]
    assert len(set(starts)) == 8
    assert "each[1][#1]/inner[#0]/do" in starts


def test_retries_are_counted_for_each_iteration_by_itself() -> None:
    loop = refining()
    loop["steps"]["grow"]["retry"] = {"max_attempts": 2, "backoff": {"jitter": "none"}}
    run = drive(
        pipeline({"refine": {"loop": loop}}),
        lambda call: dict(call.input) if call.attempt == 2 else FailureClass.TIMEOUT,
    )
    assert run.state.status == "succeeded"
    assert [retry.attempt for retry in run.of(events.Retry)] == [2, 2]


def test_a_condition_or_state_that_cannot_be_evaluated_fails_the_loop_as_rejected() -> None:
    broken: dict[str, dict[str, Json]] = {
        "'loop.state': 'inputs' has no field 'absent'": {"state": {"x": "${{ inputs.absent }}"}},
        "'loop.until': 'inputs' has no field 'absent'": {"until": "inputs.absent"},
        "'loop.until': expected true or false, found a number": {"until": "1"},
        "'loop.next': 'inputs' has no field 'absent'": {"next": {"x": "${{ inputs.absent }}"}},
    }
    for message, more in broken.items():
        loop = refining(**{"until": "false", "output": 1, **more})
        loop["steps"] = {"look": {"agent": "do"}}
        run = drive(pipeline({"l": {"loop": loop}}))
        assert run.state.failure is not None
        assert run.state.failure.kind == "rejected"
        assert run.state.failure.message == f"step 'l' failed: {message}"


def test_no_iteration_begins_in_a_scope_that_has_failed() -> None:
    steps = {
        "bad": {"agent": "do", "with": {"x": "${{ inputs.absent }}"}},
        "refine": {"loop": refining(until="false", max=50)},
    }
    run = drive(pipeline(steps), lambda call: FailureClass.TIMEOUT if call.step == "bad" else {})
    assert run.state.status == "failed"
    assert len(run.of(events.BeginIteration)) == 1


def test_a_run_taken_up_in_the_middle_of_an_iteration_goes_on_from_there() -> None:
    plan = pipeline({"refine": {"loop": refining()}}, outputs={"all": "${{ steps.refine.output }}"})
    run = drive(plan)
    state = fold(plan, run.entries[:2])
    assert list(state.running) == ["refine[#1]/grow"]
    assert state.running["refine[#1]/grow"].env["loop"] == {
        "index": 1,
        "state": {"text": "ab", "rounds": 1},
    }
    assert replay(plan, run.entries).divergence is None
