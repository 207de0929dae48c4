"""Models that call tools: what follows if a turn or a tool fails, and once a tool has acted."""

from typing import Any

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.talks import ToolResult
from agentflow.engines.virtual import Said
from agentflow.spec.model import Effects, FailureClass, Json
from tests.core.desk import LOOK, PAY, QUERY, agent, before, desk, play, results, says
from tests.core.world import ask


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
