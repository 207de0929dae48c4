"""Models that call tools: turns, what is checked before a call, what follows from its end."""

from collections.abc import Mapping
from math import inf
from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.state import Instance, State
from agentflow.core.talks import Talk, ToolResult, Turn, asked_for
from agentflow.engines.virtual import Said
from agentflow.plan.bounds import worst_case
from agentflow.plan.calls import callers, step_at
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import Effects, FailureClass, Json
from agentflow.trace.reasons import went_on
from tests.core.world import Ask, Does, Run, ask, drive, plan_of

QUERY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["q"],
    "properties": {"q": {"type": "string"}},
}


def agent(effects: str, **more: Json) -> dict[str, Json]:
    return {
        "kind": "command",
        "argv": ["true"],
        "effects": effects,
        "input": QUERY,
        "output": {},
        **more,
    }


def desk(*tools: Json, agents: Mapping[str, Json] | None = None, **more: Any) -> Plan:
    """A step `answer` whose model has these tools; `more` are keys of the model."""
    step = more.pop("step", {})
    top = more.pop("top", {})
    clerk = {
        "kind": "llm",
        "model": "a/b",
        "input": {"type": "object"},
        "output": {"type": "string"},
        "tools": list(tools),
        **more,
    }
    known = {"clerk": clerk, "look": agent("read"), "pay": agent("write"), **(agents or {})}
    return plan_of(
        {
            "agentflow": 1,
            "name": "desk",
            "agents": known,
            "steps": {"answer": {"agent": "clerk", **step}},
            "outputs": {"said": "${{ steps.answer.output }}"},
            **top,
        }
    )


LOOK = {"agent": "look"}
PAY = {"agent": "pay"}


def play(plan: Plan, *does: Does | Ask | tuple[Any, float], **more: Any) -> Run:
    """Each call gets the next of these; every run is replayed as well."""
    left = iter(does)
    run = drive(plan, lambda call: next(left), **more)
    assert next(left, None) is None, "not everything was asked for"
    assert replay(plan, run.entries).divergence is None
    return run


def results(run: Run) -> list[list[ToolResult]]:
    """What the model was told after each turn, from the log alone."""
    state, told = State(run.state.plan), []
    for entry in run.entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            evolve(state, decision)
            if isinstance(decision, events.NextTurn) and decision.step == "answer":
                assert state.root is not None
                talk = state.root.steps["answer"].talk
                assert talk is not None
                told.append(list(talk.turns[-1].results))
    return told


def before(run: Run, turn: int) -> Instance:
    """The step `answer` as it is when a turn of its model begins, from the log alone."""
    state = State(run.state.plan)
    for entry in run.entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            if isinstance(decision, StartAttempt) and decision.turn == turn:
                assert state.root is not None
                return state.root.steps["answer"]
            evolve(state, decision)
    raise AssertionError(f"there is no turn {turn}")


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


def test_a_failed_turn_is_retried_and_finished_ones_are_not_repeated() -> None:
    plan = desk(LOOK, retry={"max_attempts": 2})
    busy = FailureClass.RATE_LIMITED
    run = play(plan, busy, ask(("look", {"q": "x"})), 1, busy, "done")
    assert [(s.step, s.attempt, s.turn) for s in run.of(StartAttempt)] == [
        ("answer", 1, 1),
        ("answer", 2, 1),
        ("answer/look[@1.1]", 1, None),
        ("answer", 3, 2),
        ("answer", 4, 2),
    ]
    assert run.state.status == "succeeded"


def test_an_answer_is_repaired_in_the_same_talk() -> None:
    run = play(desk(PAY, repair=1), ask(("pay", {"q": "x"})), 1, 17, "done")
    assert run.state.outputs == {"said": "done"}
    assert [s.turn for s in run.of(StartAttempt)] == [1, None, 2, 2]


def test_a_model_that_asks_for_tools_when_it_was_to_mend_its_answer() -> None:
    run = play(desk(LOOK, repair=1), 17, ask(("look", {"q": "x"})), 1, "done")
    assert run.state.outputs == {"said": "done"}
    assert results(run) == [[ToolResult(1)]]
    # What it was told belongs to the turn that is over, and is not told once more after it.
    answer = before(run, turn=2)
    assert answer.talk is not None
    assert answer.talk.turns[0].complaint is not None
    assert answer.complaint is None


def test_a_tool_that_fails_is_told_after_its_own_retries() -> None:
    look = agent("read", retry={"max_attempts": 2, "backoff": {"jitter": "none"}})
    run = play(
        desk(LOOK, agents={"look": look}),
        ask(("look", {"q": "x"})),
        FailureClass.TIMEOUT,
        FailureClass.TIMEOUT,
        "done",
    )
    assert run.state.outputs == {"said": "done"}
    assert results(run) == [[ToolResult(error="timeout: as the script says")]]
    assert run.of(events.FailStep)[0].step == "answer/look[@1.1]"


def test_a_model_is_told_that_a_call_which_failed_has_acted() -> None:
    """It would take an answer that breaks the contract for a call that it had better make again."""
    done = "; it has changed the world all the same, and another call would do so again"
    wrong = "invalid_output: the answer breaks its contract: expected object, found number 7"
    sure = "low_confidence: 'sure' is 0.1, less than 0.5"
    gate: dict[str, Json] = {
        "output": {"type": "object"},
        "confidence": {"field": "sure", "min": 0.5},
    }
    for effects, more in (("read", ""), ("idempotent", ""), ("write", done)):
        plan = desk(PAY, agents={"pay": agent(effects, **gate)})
        run = play(plan, ask(("pay", {"q": "x"}), ("pay", {"q": "y"})), 7, {"sure": 0.1}, "done")
        assert results(run) == [[ToolResult(error=wrong + more), ToolResult(error=sure + more)]]
    helper = {"kind": "llm", "model": "a/b", "input": QUERY, "output": {"type": "object"}, "tools": [PAY]}  # fmt: skip
    plan = desk({"agent": "helper"}, agents={"helper": helper})
    turns: tuple[Any, ...] = (ask(("helper", {"q": "x"})), ask(("pay", {"q": "y"})), 1, 5, "done")
    assert results(play(plan, *turns)) == [[ToolResult(error=wrong.replace("7", "5") + done)]]
    turns = (ask(("helper", {"q": "x"})), FailureClass.REJECTED, "done")
    assert results(play(plan, *turns)) == [[ToolResult(error="rejected: as the script says")]]


def test_a_write_whose_effect_is_not_known_fails_the_step() -> None:
    run = play(desk(PAY, LOOK), ask(("pay", {"q": "x"}), ("look", {"q": "y"})),
               FailureClass.TIMEOUT, 1, person=lambda _question: Said("abort", None, 1.0))  # fmt: skip
    assert run.state.failure is not None
    assert run.state.failure.kind is FailureClass.UNKNOWN_EFFECT
    assert [(d.step, d.status) for d in run.of(events.FailStep)] == [
        ("answer/pay[@1.1]", "unknown"),
        ("answer", "failed"),
    ]


def test_a_write_with_a_key_is_repeated_with_the_same_key_and_arguments() -> None:
    key = "${{ run.id }}/${{ call.id }}/${{ input.q }}"
    pay = agent("write", retry={"max_attempts": 2})
    run = play(
        desk({**PAY, "idempotency_key": key}, agents={"pay": pay}),
        ask(("pay", {"q": "x"})),
        FailureClass.TIMEOUT,
        {},
        "done",
    )
    _, first, second, _ = run.of(StartAttempt)
    assert first.key == second.key == "r1/answer/pay[@1.1]/x"
    assert first.input == second.input == {"q": "x"}


def test_budgets_are_kept_across_models_and_tools() -> None:
    run = play(
        desk(LOOK, step={"budget": {"calls": 2}}),
        ask(("look", {"q": "x"}), ("look", {"q": "y"})),
        1,
    )
    assert run.state.failure is not None
    assert run.state.failure.kind is FailureClass.BUDGET_EXCEEDED
    assert len(run.of(StartAttempt)) == 2


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


def test_what_a_model_does_to_the_world_it_does_through_its_tools() -> None:
    call = desk(LOOK, PAY).steps["answer"].call
    assert call is not None
    assert (call.effects, call.reach) == (Effects.NONE, Effects.WRITE)
    call = desk(LOOK).steps["answer"].call
    assert call is not None
    assert (call.effects, call.reach) == (Effects.NONE, Effects.READ)


def test_nobody_takes_over_from_a_model_that_has_acted() -> None:
    other = {"kind": "command", "argv": ["true"], "input": {"type": "object"},
             "output": {"type": "string"}, "effects": "none"}  # fmt: skip
    step = {"catch": {"rejected": {"agent": "other"}}}
    plan = desk(PAY, LOOK, agents={"other": other}, step=step)
    run = play(plan, ask(("look", {"q": "x"})), 1, FailureClass.REJECTED, "instead")
    assert run.state.outputs == {"said": "instead"}
    run = play(plan, ask(("pay", {"q": "x"})), 1, FailureClass.REJECTED)
    assert run.state.status == "failed"


def test_a_level_of_an_escalation_begins_a_talk_of_its_own() -> None:
    up = {"levels": [{"model": "a/strong"}], "on_exhausted": "fail"}
    step = {"catch": {"exhausted": {"escalate": "up"}}}
    plan = desk(LOOK, max_turns=2, step=step, top={"escalations": {"up": up}})
    more = ask(("look", {"q": "x"}))
    run = play(plan, more, 1, more, more, 2, "done")
    assert run.state.outputs == {"said": "done"}
    assert [s.step for s in run.of(StartAttempt)] == [
        "answer", "answer/look[@1.1]", "answer", "answer", "answer/look[@2.1]", "answer",
    ]  # fmt: skip
    assert [turn.turn for turn in run.of(events.NextTurn)] == [2, 3]


def test_every_model_above_a_tool_has_acted_when_it_does() -> None:
    other = {"kind": "command", "argv": ["true"], "input": {"type": "object"},
             "output": {"type": "string"}, "effects": "none"}  # fmt: skip
    helper = {"kind": "llm", "model": "a/b", "input": QUERY, "output": {}}
    agents = {
        "other": other,
        "helper": {**helper, "tools": [{"agent": "inner"}]},
        "inner": {**helper, "tools": [PAY, LOOK]},
    }
    step = {"catch": {"rejected": {"agent": "other"}}}
    plan = desk({"agent": "helper"}, agents=agents, step=step)
    q = {"q": "x"}
    for tool, status in (("look", "succeeded"), ("pay", "failed")):
        turns = [
            ask(("helper", q)),
            ask(("inner", q)),
            ask((tool, q)),
            1,
            2,
            3,
            FailureClass.REJECTED,
        ]
        run = play(plan, *turns, *(["instead"] if tool == "look" else []))
        assert run.state.status == status


def test_a_person_who_says_retry_begins_a_new_talk() -> None:
    agents: dict[str, Json] = {"hand": agent("write", input={}, output={"type": "string"})}
    up = {
        "levels": [{"human": {"ask": "Again?"}, "within": "1h"}, {"agent": "hand"}],
        "on_exhausted": "fail",
    }
    step = {"catch": {"exhausted": {"escalate": "up"}}}
    plan = desk(PAY, max_turns=2, step=step, agents=agents, top={"escalations": {"up": up}})
    more = ask(("pay", {"q": "x"}))
    run = play(plan, more, 1, more, more, 2, "done", person=says(Said("retry", None, 1)))
    assert run.state.outputs == {"said": "done"}
    assert [len(told) for told in results(run)] == [1, 1]
    assert run.of(StartAttempt)[4].step == "answer/pay[@2.1]"
    # Whoever says so has looked: what was done before is no obstacle to what comes next.
    look = ask(("lok", {}))
    run = play(
        plan, more, 1, more, look, look, "by hand", person=says(Said("retry", None, 1), None)
    )
    assert run.state.outputs == {"said": "by hand"}
    run = play(plan, more, 1, more, person=says(None))
    assert run.of(events.LeaveLevel)[-1].reason.text == (
        "an attempt has acted or may have, and the effects of 'hand' are 'write'"
    )


def test_another_model_with_the_same_tools_does_not_act_once_more() -> None:
    up = {"levels": [{"model": "a/strong"}], "on_exhausted": {"use": "no"}}
    step = {"catch": {"exhausted": {"escalate": "up"}}}
    plan = desk(PAY, max_turns=2, step=step, top={"escalations": {"up": up}})
    more = ask(("pay", {"q": "x"}))
    run = play(plan, more, 1, more)
    assert run.state.outputs == {"said": "no"}
    assert run.of(events.LeaveLevel)[0].reason.text == (
        "an attempt has acted or may have, and the effects of 'clerk' are 'write'"
    )


# --- approval -----------------------------------------------------------------------------


ASKED = {"ask": "Pay ${{ input.q }}?", "within": "1h", "who": "boss"}


def says(*answers: Said | None) -> Any:
    left = iter(answers)
    return lambda question: next(left)


def test_a_call_that_needs_a_yes_is_shown_with_its_arguments() -> None:
    plan = desk({**PAY, "approve": ASKED})
    run = play(
        plan, ask(("pay", {"q": "x"})), 3, "done", person=says(Said("approve", None, 5, "kim"))
    )
    (question,) = run.of(events.AskPerson)
    assert (question.step, question.tool, question.ask, question.input) == (
        "answer/pay[@1.1]", "pay", "Pay x?", {"q": "x"},
    )  # fmt: skip
    assert question.answers == ["approve", "replace", "abort"]
    assert question.failure is None
    assert results(run) == [[ToolResult(3)]]
    assert run.of(StartAttempt)[1].input == {"q": "x"}


def test_a_person_can_give_other_arguments_that_keep_the_contract() -> None:
    plan = desk({**PAY, "approve": ASKED})
    asked = ask(("pay", {"q": "x"}))
    run = play(plan, asked, 3, "done", person=says(Said("replace", {"q": "y"}, 5)))
    assert run.of(StartAttempt)[1].input == {"q": "y"}
    assert results(run) == [[ToolResult(3, instead={"q": "y"})]]
    run = play(
        plan, asked, FailureClass.REJECTED, "done", person=says(Said("replace", {"q": "y"}, 5))
    )
    assert results(run) == [[ToolResult(error="rejected: as the script says", instead={"q": "y"})]]
    run = play(plan, asked, "done", person=says(Said("replace", {"q": 1}, 5)))
    (refused,) = run.of(events.RefuseAnswer)
    assert (
        refused.reason.text == "the value breaks its contract: q: expected string, found number 1"
    )
    assert results(run) == [
        [ToolResult(error="rejected: 'pay' is called only if a person approves;"
                    " timeout: no answer within 1h")]
    ]  # fmt: skip


def test_a_no_is_told_to_the_model_with_its_reason() -> None:
    plan = desk({**PAY, "approve": ASKED})
    no = Said("abort", None, 5, "kim", "too much")
    run = play(plan, ask(("pay", {"q": "x"})), "done", person=says(no))
    told = "rejected: 'pay' is called only if a person approves; aborted by kim: too much"
    assert results(run) == [[ToolResult(error=told)]]
    assert run.state.outputs == {"said": "done"}


def test_only_the_branch_that_asks_waits_and_answers_come_in_any_order() -> None:
    plan = desk({**PAY, "approve": ASKED}, LOOK)
    asked = ask(("pay", {"q": "a"}), ("look", {"q": "b"}), ("pay", {"q": "c"}))
    run = play(
        plan, asked, 1, 2, 3, "done",
        person=says(Said("approve", None, 60), Said("approve", None, 20)),
    )  # fmt: skip
    assert [start.step for start in run.of(StartAttempt)] == [
        "answer", "answer/look[@1.2]", "answer/pay[@1.3]", "answer/pay[@1.1]", "answer",
    ]  # fmt: skip
    assert results(run) == [[ToolResult(3), ToolResult(1), ToolResult(2)]]


def test_an_escalation_can_be_asked_level_by_level() -> None:
    up = {
        "levels": [
            {"notify": {"text": "Soon: ${{ input.q }}"}},
            {"human": {"ask": "First?"}, "within": "10s"},
            {"human": {"ask": "Second?"}, "within": "10s"},
        ],
        "on_exhausted": {"use": {"paid": False}},
    }
    plan = desk({**PAY, "approve": "up"}, top={"escalations": {"up": up}})
    asked = ask(("pay", {"q": "x"}))
    run = play(plan, asked, 3, "done", person=says(None, Said("approve", None, 1)))
    assert [n.text for n in run.of(events.Notify)] == ["Soon: x"]
    assert results(run) == [[ToolResult(3)]]
    run = play(plan, asked, "done", person=says(None, None))
    assert results(run) == [[ToolResult({"paid": False})]]
    assert went_on(run.of(events.UseValue)[0]) == (
        "went on with the value of 'on_exhausted': 'pay' is called only if a person approves;"
        " no level helped"
    )


def test_no_approval_is_asked_for_when_escalations_are_used_up() -> None:
    plan = desk({**PAY, "approve": ASKED}, top={"budget": {"escalations": 0}})
    run = play(plan, ask(("pay", {"q": "x"})), "done")
    assert not run.of(events.AskPerson)
    (told,) = results(run)
    assert told == [
        ToolResult(
            error="rejected: 'pay' is called only if a person approves;"
            " the run's 0 escalations (budget.escalations) are used up"
        )
    ]


# --- the worst case -------------------------------------------------------------------------


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
