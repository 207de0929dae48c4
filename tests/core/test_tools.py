"""Models that call tools: turns, what is checked before a call, what a talk can come to."""

from math import inf

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.talks import Talk, ToolResult, Turn, asked_for
from agentflow.plan.bounds import worst_case
from agentflow.plan.calls import callers, step_at
from agentflow.spec.model import Effects, FailureClass, Json
from tests.core.desk import LOOK, PAY, QUERY, agent, desk, play, results
from tests.core.world import ask, drive


def test_a_turn_is_a_call_of_the_model_and_calls_of_tools_with_addresses_of_their_own() -> None:
    run = play(desk(LOOK, PAY), ask(("look", {"q": "x"}), ("pay", {"q": "y"})), 7, {}, "done")
    assert run.state.outputs == {"said": "done"}
    assert run.told() == [
        "StartAttempt answer",
        "CallTools answer",
        "StartAttempt answer/look[@1.1]",
        "StartAttempt answer/pay[@1.2]",
        "AcceptOutput answer/look[@1.1]",
        "AcceptOutput answer/pay[@1.2]",
        "NextTurn answer",
        "StartAttempt answer",
        "AcceptOutput answer",
        "FinishRun",
    ]
    assert results(run) == [[ToolResult(7), ToolResult({})]]
    starts = run.of(StartAttempt)
    assert [(start.turn, start.effects) for start in starts] == [
        (1, Effects.NONE),
        (None, Effects.READ),
        (None, Effects.WRITE),
        (2, Effects.NONE),
    ]
    assert starts[1].input == {"q": "x"}
    assert [start.reason.text for start in starts] == [
        "it waits for nothing", "the model asks for it", "the model asks for it", "turn 2",
    ]  # fmt: skip
    assert run.of(events.CallTools)[0].reason.figures == {"turn": 1, "max_turns": 10}


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (("lok", {}), "unknown tool 'lok', did you mean 'look'?"),
        (("erase", {}), "unknown tool 'erase'; there is: look, pay"),
        (("look", '{"q": '), "the arguments cannot be read: not JSON: a value is expected, but the text ends"),
        (("look", "[1]"), "the arguments are no object"),
        (("look", {"q": 1}), "the arguments break their contract: q: expected string, found number 1"),
        (("look", ""), "the arguments break their contract: missing 'q'"),
        (("look", " \n"), "the arguments break their contract: missing 'q'"),
        (("look", {"p": 1}), "the arguments break their contract: missing 'q'; 1 more"),
    ],
    ids=["near", "far", "broken", "list", "type", "empty", "blank", "two"],
)  # fmt: skip
def test_a_call_that_cannot_be_made_is_told_to_the_model(
    asked: tuple[str, Json], wrong: str
) -> None:
    run = play(desk(LOOK, PAY), ask(asked), "sorry")
    assert run.state.outputs == {"said": "sorry"}
    (told,) = results(run)
    assert told == [ToolResult(error=wrong)]
    assert [start.step for start in run.of(StartAttempt)] == ["answer", "answer"]


def test_refused_calls_count_and_the_others_are_made() -> None:
    run = play(
        desk({**LOOK, "max_calls": 2}),
        ask(("look", {}), ("look", {"q": "a"}), ("look", {"q": "b"})),
        1,
        "done",
    )
    used_up = "'look' has 2 calls (max_calls), and they are used up"
    assert [[one.error for one in told] for told in results(run)] == [
        ["the arguments break their contract: missing 'q'", None, used_up]
    ]
    assert run.of(StartAttempt)[1].step == "answer/look[@1.2]"
    (turn,) = run.of(events.CallTools)
    assert turn.reason.text == "the model asks for 3 calls, 2 of them refused"


def test_each_call_of_a_talk_has_an_id_of_its_own() -> None:
    """Results go by it: an id that is missing or stands twice would tell them to the wrong call."""

    def ids(*given: str | None, talk: Talk | None = None) -> list[str]:
        calls: list[Json] = [{"id": one, "tool": "look", "arguments": "{}"} for one in given]
        return [one.id for one in asked_for(calls, talk)]

    assert ids("a", "b") == ["a", "b"]
    assert ids("call_2", "call_2", "", None) == ["call_2", "call_3", "call_4", "call_5"]
    assert ids("", "call_1") == ["call_1", "call_2"]
    said = Turn(None, asked_for([{"id": "a", "tool": "look", "arguments": "{}"}], None), ())
    assert ids("a", "b", talk=Talk(0, [said])) == ["call_1", "b"]


def test_turns_end() -> None:
    plan = desk(LOOK, max_turns=3)
    more = ask(("look", {"q": "x"}))
    run = play(plan, more, 1, more, 2, more)
    assert run.state.failure is not None
    assert run.state.failure.kind is FailureClass.EXHAUSTED
    assert run.state.failure.message == (
        "step 'answer' failed: the model asks for 'look' in the last of 3 turns (max_turns)"
    )
    more = ask(("look", {"q": "x"}), ("look", {"q": "y"}), ("lok", {}))
    run = play(desk(LOOK, max_turns=1, step={"catch": {"exhausted": {"use": "no"}}}), more)
    assert run.state.outputs == {"said": "no"}
    assert run.of(events.UseValue)[0].reason.text == (
        "the model asks for 'look', 'lok' in its turn (max_turns)"
    )


def test_the_next_turn_begins_with_the_first_model_again() -> None:
    models = {"m": {"model": "a/b", "fallbacks": ["a/c"]}}
    plan = desk(LOOK, model="m", top={"models": models})
    run = play(plan, FailureClass.RATE_LIMITED, ask(("look", {"q": "x"})), 1, "done")
    assert [(s.step, s.turn, s.model) for s in run.of(StartAttempt)] == [
        ("answer", 1, None),
        ("answer", 1, "a/c"),
        ("answer/look[@1.1]", None, None),
        ("answer", 2, None),
    ]


def test_a_model_without_tools_that_asks_for_one_has_not_answered() -> None:
    run = play(desk(), ask(("look", {"q": "x"})))
    assert run.state.failure is not None
    assert run.state.failure.kind is FailureClass.INVALID_OUTPUT
    assert run.state.failure.message == ("step 'answer' failed: it asked for a tool, and has none")


def test_no_tool_is_called_when_what_is_around_the_step_has_failed() -> None:
    top = {
        "steps": {"answer": {"agent": "clerk"}, "beside": {"agent": "look", "with": {"q": "x"}}},
    }
    answers = {"answer": (ask(("look", {"q": "y"})), 9.0), "beside": FailureClass.REJECTED}
    run = drive(desk(LOOK, top=top), lambda call: answers[call.step])
    (given_up,) = run.of(events.CancelStep)
    assert (given_up.step, given_up.reason.text) == (
        "answer",
        "what encloses the step has failed",
    )
    assert [start.step for start in run.of(StartAttempt)] == ["answer", "beside"]


def test_a_tool_can_be_a_model_with_tools() -> None:
    helper = {
        "kind": "llm", "model": "a/b", "input": QUERY, "output": {"type": "integer"},
        "tools": [PAY],
    }  # fmt: skip
    plan = desk({"agent": "helper"}, agents={"helper": helper})
    run = play(plan, ask(("helper", {"q": "x"})), ask(("pay", {"q": "y"})), 1, 5, "done")
    assert [start.step for start in run.of(StartAttempt)] == [
        "answer",
        "answer/helper[@1.1]",
        "answer/helper[@1.1]/pay[@1.1]",
        "answer/helper[@1.1]",
        "answer",
    ]
    assert results(run) == [[ToolResult(5)]]
    _, found = step_at(plan, "answer/helper[@1.1]/pay[@1.1]")
    assert found.address == "answer/helper/pay"
    assert [step.address for step in callers(plan)] == [
        "answer",
        "answer/helper",
        "answer/helper/pay",
    ]


def test_the_worst_case_of_a_talk_is_what_it_comes_to_where_everything_goes_wrong() -> None:
    often = {"max_attempts": 2, "on": ["invalid_output", "timeout"]}
    plan = desk(
        {**LOOK, "max_calls": 2},
        agents={"look": agent("read", retry=often)},
        max_turns=2,
        retry=often,
        repair=1,
    )
    worst = worst_case(plan).needed
    both = ask(("look", {"q": "a"}), ("look", {"q": "b"}))
    late = FailureClass.TIMEOUT
    run = play(plan, 1, 2, 3, both, late, late, 1, 1, 4, 5, 6, "done")
    assert run.state.status == "succeeded"
    assert len(run.of(StartAttempt)) == worst.calls.amount == 12
    assert sum(retry.counted for retry in run.of(events.Retry)) == worst.retries.amount == 4
    assert (worst.tokens_in.amount, worst.tokens_in.field) == (inf, "models.a/b.max_output_tokens")
