"""What steps assert about their outputs."""

from agentflow.core import events
from agentflow.spec.model import FailureClass, Json
from tests.core.world import drive, pipeline

TOTAL: Json = {"that": "output.sum == input.a + input.b", "message": "the sum is wrong"}
SMALL: Json = {"that": "output.sum < 10", "message": "the sum is too large"}


def adding(**more: Json) -> dict[str, Json]:
    return {"agent": "do", "with": {"a": 1, "b": 2}, "assert": [TOTAL, SMALL], **more}


def test_an_output_of_which_all_is_true_is_accepted() -> None:
    plan = pipeline({"add": adding()}, outputs={"sum": "${{ steps.add.output.sum }}"})
    assert drive(plan, lambda call: {"sum": 3}).state.outputs == {"sum": 3}


def test_a_false_assertion_is_an_invalid_output_and_names_the_values() -> None:
    plan = pipeline({"add": adding()})
    run = drive(plan, lambda call: {"sum": 12})
    (rejected,) = run.of(events.RejectOutput)
    wrong = (
        "the sum is wrong ('output.sum == input.a + input.b' is false: "
        "output.sum is 12, input.a is 1, input.b is 2)"
    )
    assert rejected.failure.kind is FailureClass.INVALID_OUTPUT
    assert rejected.reason.rule == "add.assert[0]"
    assert rejected.reason.text == f"{wrong}; 1 more"
    assert rejected.reason.figures == {
        "violations": [
            wrong,
            "the sum is too large ('output.sum < 10' is false: output.sum is 12)",
        ]
    }
    assert run.state.failure is not None
    assert run.state.failure.message == f"step 'add' failed: {wrong}; 1 more"


def test_the_agent_is_told_when_it_is_asked_again() -> None:
    plan = pipeline({"add": adding(repair=1)}, outputs={"sum": "${{ steps.add.output.sum }}"})
    run = drive(plan, lambda call: {"sum": 3 if call.attempt == 2 else 4})
    (repair,) = run.of(events.Repair)
    wrong = (
        "the sum is wrong ('output.sum == input.a + input.b' is false: "
        "output.sum is 4, input.a is 1, input.b is 2)"
    )
    assert repair.violations == (wrong,)
    assert run.state.outputs == {"sum": 3}


def test_an_assertion_that_cannot_be_evaluated_is_not_true() -> None:
    asserts = [
        {"that": "1 / output.n > 0", "message": "no share"},
        {"that": "output.absent == 1", "message": "not one"},
        {"that": "output.n", "message": "not set"},
    ]
    run = drive(
        pipeline({"a": {"agent": "do", "assert": asserts, "catch": {"invalid_output": "skip"}}}),
        lambda call: {"n": 0},
    )
    assert run.of(events.RejectOutput)[0].reason.figures["violations"] == [
        "no share ('1 / output.n > 0': division by zero)",
        "not one ('output.absent == 1': 'output' has no field 'absent')",
        "not set ('output.n': expected true or false, found a number)",
    ]
    assert run.of(events.SkipStep)[0].reason.rule == "a.catch.invalid_output"


def test_each_item_is_held_against_its_own_input_and_other_steps() -> None:
    steps = {
        "limit": {"agent": "do", "with": {"most": 2}},
        "each": {
            "for_each": {"over": [1, 2, 3], "max": 3},
            "agent": "do",
            "with": {"n": "${{ item }}"},
            "assert": [
                {"that": "output.n == item && input.n == item", "message": "another number"},
                {"that": "output.n <= steps.limit.output.most", "message": "too large"},
            ],
            "catch": {"invalid_output": "skip"},
        },
    }
    run = drive(pipeline(steps, outputs={"all": "${{ steps.each.output }}"}))
    assert run.state.outputs == {"all": [{"n": 1}, {"n": 2}]}


def test_groups_switches_and_loops_assert_something_of_what_they_add_up_to() -> None:
    inner = {"look": {"agent": "do", "with": {"n": 1}}}
    wanted = [{"that": "output.n > 1", "message": "too small"}]
    output = {"n": "${{ steps.look.output.n }}"}
    for step in (
        {"steps": inner, "output": output},
        {"switch": "x", "cases": {"x": {"steps": inner, "output": output}}},
        {"loop": {"max": 2, "until": "true", "steps": inner, "output": output}},
    ):
        run = drive(pipeline({"s": {**step, "assert": wanted}}))
        assert run.state.failure is not None
        assert run.state.failure.kind is FailureClass.INVALID_OUTPUT
        assert run.state.failure.message == (
            "step 's' failed: too small ('output.n > 1' is false: output.n is 1)"
        )
        caught = {"invalid_output": {"use": {"n": 0}}}
        plan = pipeline(
            {"s": {**step, "assert": wanted, "catch": caught}},
            outputs={"n": "${{ steps.s.output.n }}"},
        )
        assert drive(plan).state.outputs == {"n": 0}
