"""What the core decides, case by case, and why."""

from agentflow.core import events
from agentflow.core.events import Reason
from agentflow.spec.model import FailureClass
from tests.core.world import drive, pipeline


def test_a_chain_runs_in_order_and_each_start_names_what_it_waited_for() -> None:
    plan = pipeline(
        {
            "b": {"agent": "do", "with": {"x": "${{ steps.a.output.x + 1 }}"}},
            "a": {"agent": "do", "with": {"x": 1}},
        },
        outputs={"y": "${{ steps.b.output.x }}"},
    )
    run = drive(plan)
    assert run.told() == [
        "StartAttempt a",
        "AcceptOutput a",
        "StartAttempt b",
        "AcceptOutput b",
        "FinishRun",
    ]
    assert [start.reason.text for start in run.of(events.StartAttempt)] == [
        "it waits for nothing",
        "ended: a",
    ]
    assert run.state.outputs == {"y": 2}


def test_needs_orders_steps_that_share_no_data() -> None:
    plan = pipeline({"late": {"agent": "do", "needs": ["early"]}, "early": {"agent": "do"}})
    assert [start.step for start in drive(plan).of(events.StartAttempt)] == ["early", "late"]


def test_a_false_condition_skips_and_a_reader_with_a_default_goes_on() -> None:
    plan = pipeline(
        {
            "maybe": {"agent": "do", "when": "inputs.wanted"},
            "after": {"agent": "do", "with": {"x": "${{ default(steps.maybe.output.x, 7) }}"}},
        },
        outputs={"x": "${{ steps.after.output.x }}", "maybe": "${{ steps.maybe.status }}"},
    )
    run = drive(plan, inputs={"wanted": False})
    (skip,) = run.of(events.SkipStep)
    assert skip == events.SkipStep("maybe", Reason("maybe.when", "'inputs.wanted' is false"))
    assert run.state.outputs == {"x": 7, "maybe": "skipped"}


def test_reading_the_output_of_a_skipped_step_fails_the_reader() -> None:
    plan = pipeline(
        {
            "maybe": {"agent": "do", "when": "false"},
            "after": {"agent": "do", "with": {"x": "${{ steps.maybe.output.x }}"}},
        }
    )
    run = drive(plan)
    (fail,) = run.of(events.FailStep)
    assert fail.step == "after"
    assert fail.failure.kind == "rejected"
    assert fail.failure.message == "'with': step 'maybe' has no output: it is skipped"


def test_a_switch_takes_one_case_and_its_output() -> None:
    steps = {
        "s": {
            "switch": "${{ inputs.kind }}",
            "cases": {
                "refund": {
                    "steps": {"pay": {"agent": "do", "with": {"n": 5}}},
                    "output": {"paid": "${{ steps.pay.output.n }}"},
                },
                "1": {"output": "one"},
                "true": {"output": "yes"},
            },
            "default": {"output": "other"},
        }
    }
    plan = pipeline(steps, outputs={"out": "${{ steps.s.output }}"})
    for kind, output in (("refund", {"paid": 5}), (1, "one"), (True, "yes"), ("x", "other")):
        run = drive(plan, inputs={"kind": kind})
        assert run.state.outputs == {"out": output}
    assert run.of(events.TakeCase)[0].reason.text == "no case is 'x'"


def test_a_switch_without_a_fitting_case_fails() -> None:
    plan = pipeline({"s": {"switch": "${{ inputs.kind }}", "cases": {"a": {"output": 1}}}})
    run = drive(plan, inputs={"kind": "b"})
    assert run.state.failure is not None
    assert run.state.failure.message == (
        "step 's' failed: 'switch': no case is 'b', and no 'default'"
    )


def test_for_each_keeps_the_order_of_the_items_whoever_is_first() -> None:
    plan = pipeline(
        {
            "each": {
                "for_each": {"over": "${{ inputs.list }}", "max": 5, "as": "word"},
                "agent": "do",
                "with": {"text": "${{ word }}-${{ index }}-${{ item }}"},
            }
        },
        outputs={"all": "${{ steps.each.output.map(o, o.text) }}"},
    )
    run = drive(
        plan,
        lambda call: (dict(call.input), 10.0 - call.input["text"].count("a")),
        inputs={"list": ["b", "a", "aa"]},
    )
    assert run.state.outputs == {"all": ["b-0-b", "a-1-a", "aa-2-aa"]}
    assert [a.step for a in run.of(events.AcceptOutput)] == ["each[2]", "each[1]", "each[0]"]


def test_for_each_over_nothing_gives_an_empty_list() -> None:
    plan = pipeline(
        {"each": {"for_each": {"over": [], "max": 5}, "agent": "do"}},
        outputs={"all": "${{ steps.each.output }}"},
    )
    assert drive(plan).state.outputs == {"all": []}


def test_for_each_refuses_more_items_than_max() -> None:
    plan = pipeline({"each": {"for_each": {"over": [1, 2, 3], "max": 2}, "agent": "do"}})
    run = drive(plan)
    assert run.of(events.StartAttempt) == []
    assert run.of(events.FailStep)[0].failure.message == (
        "'for_each': 3 items are more than 'max: 2'"
    )


def test_parallel_and_concurrency_bound_what_is_in_flight() -> None:
    for parallel, concurrency, bound in ((3, 16, 3), (8, 2, 2), (None, 4, 4)):
        over = {"over": list(range(20)), "max": 20}
        if parallel:
            over["parallel"] = parallel
        plan = pipeline({"each": {"for_each": over, "agent": "do"}})
        run = drive(plan, concurrency=concurrency)
        flying = highest = 0
        for decision in run.decisions:
            flying += isinstance(decision, events.StartAttempt)
            flying -= isinstance(decision, events.AcceptOutput)
            highest = max(highest, flying)
        assert highest == bound


def test_groups_see_outside_and_give_their_own_output() -> None:
    plan = pipeline(
        {
            "first": {"agent": "do", "with": {"n": 1}},
            "each": {
                "for_each": {"over": [10, 20], "max": 2},
                "steps": {
                    "inner": {
                        "agent": "do",
                        "with": {"n": "${{ item + steps.first.output.n }}"},
                    },
                    "second": {"agent": "do", "with": {"n": "${{ steps.inner.output.n * 2 }}"}},
                },
                "output": "${{ steps.second.output.n + index }}",
            },
        },
        outputs={"all": "${{ steps.each.output }}"},
    )
    run = drive(plan)
    assert run.state.outputs == {"all": [22, 43]}
    assert "StartAttempt each[1]/second" in run.told()
    assert run.told().index("AcceptOutput first") < run.told().index("ExpandItems each")


def test_catch_use_puts_a_value_in_the_place_of_the_output() -> None:
    plan = pipeline(
        {
            "a": {
                "agent": "do",
                "with": {"x": 1},
                "catch": {"server_error": {"use": {"x": "${{ inputs.other }}"}}},
            }
        },
        outputs={"x": "${{ steps.a.output.x }}"},
    )
    run = drive(plan, lambda call: FailureClass.SERVER_ERROR, inputs={"other": 9})
    assert run.state.outputs == {"x": 9}
    assert run.of(events.UseValue)[0].reason.rule == "a.catch.server_error"


def test_the_value_of_catch_use_is_held_against_the_contract() -> None:
    plan = pipeline(
        {"a": {"agent": "do", "catch": {"any": {"use": "text"}}}}, output={"type": "integer"}
    )
    run = drive(plan, lambda call: FailureClass.REJECTED)
    assert run.state.status == "failed"
    message = run.of(events.FailStep)[0].failure.message
    assert message.startswith("'catch.any.use' breaks the output contract: ")


def test_an_answer_that_breaks_its_contract_is_rejected_and_nobody_reads_it() -> None:
    plan = pipeline(
        {
            "a": {"agent": "do", "catch": {"invalid_output": "skip"}},
            "b": {"agent": "do", "with": {"seen": "${{ default(steps.a.output, 'nothing') }}"}},
        },
        output={"type": "object"},
        outputs={"seen": "${{ steps.b.output.seen }}"},
    )
    run = drive(plan, lambda call: "poison" if call.step == "a" else dict(call.input))
    assert run.told()[1:3] == ["RejectOutput a", "SkipStep a"]
    assert run.state.outputs == {"seen": "nothing"}


def test_a_failure_starts_nothing_new_and_lets_what_is_in_flight_end() -> None:
    plan = pipeline(
        {
            "bad": {"agent": "do"},
            "slow": {"agent": "do"},
            "after": {"agent": "do", "needs": ["slow"]},
        }
    )
    run = drive(plan, lambda c: FailureClass.REJECTED if c.step == "bad" else ({}, 9.0))
    assert run.told() == [
        "StartAttempt bad",
        "StartAttempt slow",
        "FailStep bad",
        "AcceptOutput slow",
        "FinishRun",
    ]
    assert run.state.status == "failed"
    assert run.state.failure is not None
    assert run.state.failure.message == "step 'bad' failed: as the script says"


def test_a_failure_inside_a_group_can_be_caught_by_the_group() -> None:
    plan = pipeline(
        {
            "g": {
                "steps": {"in": {"agent": "do"}, "also": {"agent": "do", "needs": ["in"]}},
                "output": 1,
                "catch": {"rejected": {"use": "instead"}},
            }
        },
        outputs={"g": "${{ steps.g.output }}"},
    )
    run = drive(plan, lambda call: FailureClass.REJECTED)
    assert run.state.outputs == {"g": "instead"}


def test_one_failed_item_fails_the_for_each_and_a_skipped_one_is_left_out() -> None:
    each = {"for_each": {"over": [1, 2, 3], "max": 3}, "agent": "do", "with": {"n": "${{ item }}"}}
    outputs = {"all": "${{ steps.each.output.map(o, o.n) }}"}
    script = lambda call: FailureClass.REJECTED if call.input["n"] == 2 else dict(call.input)  # noqa: E731
    failed = drive(pipeline({"each": each}, outputs=outputs), script)
    assert failed.state.failure is not None
    assert failed.state.failure.message == "step 'each[1]' failed: as the script says"
    each["catch"] = {"rejected": "skip"}
    run = drive(pipeline({"each": each}, outputs=outputs), script)
    assert run.state.outputs == {"all": [1, 3]}
    assert run.of(events.CompleteStep)[0].reason.figures == {"items": 3, "succeeded": 2}


def test_an_input_that_breaks_the_agents_contract_is_never_sent() -> None:
    contract = {"type": "object", "properties": {"x": {"type": "string"}}}
    plan = pipeline({"a": {"agent": "do", "with": {"x": "${{ inputs.x }}"}}}, input=contract)
    run = drive(plan, inputs={"x": 1})
    assert run.of(events.StartAttempt) == []
    assert run.of(events.FailStep)[0].failure.message == (
        "the input breaks the contract of 'do': x: expected string, found number 1"
    )
