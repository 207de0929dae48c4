"""Escalations: levels in order, what each may do, what people can say, and how it ends."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agentflow.core import events
from agentflow.core.events import AskPerson, StartAttempt
from agentflow.engines.virtual import Person, Said, silence
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, drive, plan_of

NUMBER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["n", "sure"],
    "properties": {"n": {"type": "integer"}, "sure": {"type": "number"}},
}
ASK: dict[str, Json] = {"human": {"ask": "Well?", "who": "desk"}, "within": "1h"}
TELL: dict[str, Json] = {"notify": {"text": "${{ failure.kind }} at ${{ input.x }}", "who": "ops"}}
SURE, DOUBTFUL = {"n": 1, "sure": 0.9}, {"n": 7, "sure": 0.2}


def agents(**effects: str) -> dict[str, Json]:
    common = {"input": {"type": "object"}, "output": NUMBER}
    known: dict[str, Json] = {
        "chat": {"kind": "llm", "model": "a/small", "confidence": {"field": "sure", "min": 0.5}},
        "other": {"kind": "command", "argv": ["true"], "effects": "none"},
        "pay": {"kind": "command", "argv": ["true"], "effects": "write"},
        "look": {"kind": "command", "argv": ["true"], "effects": "read"},
    }
    return {name: {**agent, **common} for name, agent in known.items()}


def plan(
    levels: list[Json],
    *,
    agent: str = "chat",
    last: Json = "fail",
    catch: str = "any",
    **more: Json,
) -> Plan:
    step = {"agent": agent, "with": {"x": 1}, "catch": {catch: {"escalate": "up"}}}
    return plan_of(
        {
            "agentflow": 1,
            "name": "test",
            "agents": agents(),
            "escalations": {"up": {"levels": levels, "on_exhausted": last}},
            "steps": {"a": {**step, **more.pop("step", {})}},
            **more,
        }
    )


def run(
    plan: Plan,
    script: Callable[[StartAttempt], Any] = lambda call: DOUBTFUL,
    person: Person = silence,
) -> Run:
    done = drive(plan, script, person=person)
    assert replay(plan, done.entries).divergence is None
    return done


def saying(answer: events.AnswerKind, value: Json = None, after: float = 60.0) -> Person:
    return lambda _question: Said(answer, value, after, by="kim")


def output(done: Run) -> Json:
    assert done.state.root is not None
    return done.state.root.steps["a"].output


def failure(done: Run) -> str:
    assert done.state.failure is not None
    return done.state.failure.message


# --- levels --------------------------------------------------------------------------------


def test_another_model_is_asked_the_same() -> None:
    done = run(
        plan([{"model": "b/strong", "within": "20s"}]),
        lambda call: SURE if call.model == "b/strong" else DOUBTFUL,
    )
    first, second = done.of(StartAttempt)
    assert (first.model, second.model) == (None, "b/strong")
    assert (second.agent, second.input, second.timeout) == ("chat", {"x": 1}, 20)
    assert output(done) == SURE
    assert done.told() == [
        "StartAttempt a",
        "RejectOutput a",
        "Escalate a",
        "TryLevel a",
        "StartAttempt a",
        "AcceptOutput a",
        "FinishRun",
    ]


def test_another_agent_is_given_the_same() -> None:
    done = run(
        plan([{"agent": "other"}]), lambda call: DOUBTFUL if call.agent == "chat" else {**DOUBTFUL}
    )
    first, second = done.of(StartAttempt)
    assert (second.agent, second.input, str(second.effects)) == ("other", {"x": 1}, "none")
    # The gate is that of the agent that answers, and `other` has none.
    assert output(done) == DOUBTFUL
    assert first.timeout == second.timeout == 300


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            {"n": 7, "sure": 0.9},
            "invalid_output: the answer breaks its contract: n: expected at most 5, found number 7",
        ),
        (
            {"n": 1, "sure": 0.9, "by": "me"},
            "invalid_output: the answer breaks its contract: unexpected 'by'",
        ),
        ({"n": 1, "sure": 0.8}, "low_confidence: 'sure' is 0.8, less than 0.85"),
    ],
    ids=["its-own-contract", "that-of-the-step", "its-own-gate"],
)
def test_an_agent_of_a_level_keeps_its_own_contract_besides_that_of_the_step(
    answer: Json, why: str
) -> None:
    strict: Json = {
        **agents()["other"],
        "output": {"type": "object", "properties": {"n": {"maximum": 5}}},
        "confidence": {"field": "sure", "min": 0.85},
    }
    done = run(
        plan([{"agent": "strict"}], agents={**agents(), "strict": strict}),
        lambda call: answer if call.agent == "strict" else FailureClass.TIMEOUT,
    )
    assert [left.reason.text for left in done.of(events.LeaveLevel)] == [why]
    assert done.state.status == "failed"


def test_levels_are_tried_in_order_and_once() -> None:
    levels = [{"model": "b/strong"}, TELL, {"agent": "other"}, ASK]
    done = run(
        plan(levels),
        lambda call: (
            {None: DOUBTFUL, "b/strong": FailureClass.TIMEOUT}.get(call.model, {"n": "x"})
            if call.agent == "chat"
            else {"n": "no number"}
        ),
    )
    assert done.told()[3:] == [
        "TryLevel a",
        "StartAttempt a",
        "LeaveLevel a",
        "Notify a",
        "TryLevel a",
        "StartAttempt a",
        "RejectOutput a",
        "LeaveLevel a",
        "AskPerson a",
        "LeaveLevel a",
        "FailStep a",
        "FinishRun",
    ]
    assert [left.reason.text for left in done.of(events.LeaveLevel)] == [
        "timeout: as the script says",
        "invalid_output: the answer breaks its contract: missing 'sure'",
        "timeout: no answer within 1h",
    ]


def test_a_notice_reads_the_failure_and_the_input() -> None:
    (told,) = run(plan([TELL])).of(events.Notify)
    assert (told.text, told.who, told.channel) == ("low_confidence at 1", "ops", "inbox")


def test_a_text_that_cannot_be_worked_out_is_passed_over() -> None:
    lost = {"notify": {"text": "${{ input.y }}"}}
    done = run(plan([lost, ASK]))
    assert [left.level for left in done.of(events.LeaveLevel)] == [0, 1]
    assert len(done.of(AskPerson)) == 1


def test_a_model_for_a_step_without_one_is_passed_over() -> None:
    done = run(plan([{"model": "b/strong"}], agent="other"), lambda call: FailureClass.TIMEOUT)
    (left,) = done.of(events.LeaveLevel)
    assert left.reason.text == "the step has no agent that 'b/strong' could stand in for"


# --- effects -------------------------------------------------------------------------------


@pytest.mark.parametrize("does", [FailureClass.TIMEOUT, {"n": "no number"}])
def test_after_an_attempt_that_has_acted_nothing_acts_again(does: Any) -> None:
    done = run(plan([{"agent": "pay"}, {"agent": "look"}], agent="pay"), lambda call: does)
    assert [call.agent for call in done.of(StartAttempt)] == ["pay", "look"]
    assert done.of(events.LeaveLevel)[0].reason.text == (
        "an attempt has acted or may have, and the effects of 'pay' are 'write'"
    )


def test_after_a_level_that_has_acted_nothing_acts_again() -> None:
    levels: list[Json] = [{"agent": "pay"}, {"agent": "pay"}, {"agent": "look"}]
    done = run(plan(levels), lambda call: {"n": "no number"})
    assert [call.agent for call in done.of(StartAttempt)] == ["chat", "pay", "look"]
    assert done.of(events.LeaveLevel)[1].reason.text == (
        "an attempt has acted or may have, and the effects of 'pay' are 'write'"
    )


def test_an_agent_that_took_over_and_changed_nothing_has_not_acted() -> None:
    catch = {"not_sent": {"agent": "look"}, "any": {"escalate": "up"}}
    done = run(
        plan([{"agent": "pay"}], agent="pay", step={"catch": catch}),
        lambda call: FailureClass.NOT_SENT if call.attempt == 1 else {"n": "no number"},
    )
    assert [call.agent for call in done.of(StartAttempt)] == ["pay", "look", "pay"]


def test_where_nothing_was_done_another_agent_may_act() -> None:
    done = run(
        plan([{"agent": "pay"}], agent="pay"),
        lambda call: FailureClass.NOT_SENT if call.attempt == 1 else SURE,
    )
    assert output(done) == SURE


def test_a_write_that_nobody_knows_of_asks_a_person() -> None:
    done = run(
        plan([ASK], agent="pay", catch="unknown_effect"),
        lambda call: FailureClass.TIMEOUT,
        saying("replace", SURE),
    )
    (question,) = done.of(AskPerson)
    assert question.answers == ["replace", "retry", "abort"]  # what could be approved?
    assert question.failure is not None
    assert str(question.failure.kind) == "unknown_effect"
    assert output(done) == SURE


def test_a_step_stays_unknown_if_nobody_knows_better() -> None:
    done = run(plan([ASK], agent="pay"), lambda call: FailureClass.TIMEOUT, saying("abort"))
    (failed,) = done.of(events.FailStep)
    assert (failed.status, str(failed.failure.kind)) == ("unknown", "unknown_effect")
    assert failed.failure.message.endswith("; aborted by kim")


@pytest.mark.parametrize(("last", "kind"), [("fail", "FailStep"), ("skip", "SkipStep")])
def test_a_level_that_may_have_acted_leaves_the_step_unknown(last: str, kind: str) -> None:
    levels = [{"agent": "pay"}, {"agent": "look"}, ASK]
    done = run(plan(levels, agent="other", last=last), lambda call: FailureClass.TIMEOUT)
    assert [start.agent for start in done.of(StartAttempt)] == ["other", "pay", "look"]
    said = (
        "as the script says; level 1: unknown_effect: as the script says; "
        "its effects are 'write' and may have happened"
    )
    unknown = events.Failure(FailureClass.UNKNOWN_EFFECT, said, FailureClass.TIMEOUT)
    (asked,) = done.of(AskPerson)
    assert asked.failure == unknown
    (given_up,) = done.of(getattr(events, kind))
    assert given_up.failure.kind is FailureClass.UNKNOWN_EFFECT
    assert given_up.failure.message.startswith(said)
    assert getattr(given_up, "status", "unknown") == "unknown"


def test_a_person_may_have_a_write_made_again() -> None:
    done = run(
        plan([ASK], agent="pay"),
        lambda call: FailureClass.TIMEOUT if call.attempt == 1 else SURE,
        saying("retry"),
    )
    assert [call.attempt for call in done.of(StartAttempt)] == [1, 2]
    assert output(done) == SURE


# --- people --------------------------------------------------------------------------------


def test_approving_lets_pass_what_was_held_back() -> None:
    done = run(plan([ASK]), person=saying("approve"))
    (question,) = done.of(AskPerson)
    assert question.answers == ["approve", "replace", "retry", "abort"]
    assert (question.input, question.output) == ({"x": 1}, DOUBTFUL)
    assert (question.escalation, question.level) == ("up", 0)
    assert output(done) == DOUBTFUL


def test_nothing_that_breaks_its_contract_can_be_approved() -> None:
    done = run(plan([ASK]), lambda call: {"n": "seven"}, saying("approve"))
    (refused,) = done.of(events.RefuseAnswer)
    assert refused.reason.text == (
        "'approve' is no answer to this question, expected one of: 'replace', 'retry', 'abort'"
    )
    assert done.of(AskPerson)[0].output == {"n": "seven"}


def test_a_replacement_is_held_against_the_contract() -> None:
    done = run(plan([ASK]), person=saying("replace", {"n": 1}))
    assert done.of(events.RefuseAnswer)[0].reason.text == (
        "the value breaks its contract: missing 'sure'"
    )


def test_retry_starts_afresh_and_draws_on_the_budget() -> None:
    done = run(plan([ASK], budget={"escalations": 2}), person=saying("retry"))
    assert len(done.of(StartAttempt)) == 3
    assert len(done.of(AskPerson)) == 2
    assert failure(done) == (
        "step 'a' failed: 'sure' is 0.2, less than 0.5; "
        "escalation 'up': the run's 2 escalations (budget.escalations) are used up"
    )


def asking(shown: Json, *levels: Json) -> Plan:
    """A question to somebody who says nothing, with others behind them."""
    first = {"ask": "Sure?", "answer": {"type": "boolean"}, "who": "first"}
    catch = {"timeout": {"escalate": "up"}, "rejected": {"escalate": "up"}}
    step = {"human": first, "with": shown, "timeout": "1h", "catch": catch}
    return plan_of(
        {
            "agentflow": 1,
            "name": "test",
            "escalations": {"up": {"levels": list(levels), "on_exhausted": "fail"}},
            "steps": {"a": step},
        }
    )


def level(who: str, ask: str = "Well?") -> Json:
    return {"human": {"ask": ask, "who": who}, "within": "1h"}


def test_a_human_step_can_turn_to_others() -> None:
    done = run(
        asking({}, ASK),
        person=lambda question: Said("approve", None, 5) if question.who == "desk" else None,
    )
    assert [(question.who, question.asked) for question in done.of(AskPerson)] == [
        ("first", START),
        ("desk", START + 3600),
    ]
    assert done.of(AskPerson)[1].answers == ["approve", "replace", "abort"]
    assert output(done) is True


def test_whoever_is_asked_next_is_shown_what_the_first_was() -> None:
    tell = {"notify": {"text": "${{ input.hosts[0] }} waits", "who": "ops"}}
    ladder = (tell, level("lead", "Restart ${{ size(input.hosts) }}?"), level("boss"))
    one = run(asking({"hosts": ["db", "web"]}, *ladder))
    asked = [(question.who, question.ask, question.input) for question in one.of(AskPerson)]
    assert asked == [
        ("first", "Sure?", {"hosts": ["db", "web"]}),
        ("lead", "Restart 2?", {"hosts": ["db", "web"]}),
        ("boss", "Well?", {"hosts": ["db", "web"]}),
    ]
    assert [notice.text for notice in one.of(events.Notify)] == ["db waits"]
    # An answer is bound to what was shown, at each level.
    other = run(asking({"hosts": ["db", "mail"]}, *ladder))
    for before, after in zip(one.of(AskPerson), other.of(AskPerson), strict=True):
        assert before.payload != after.payload


def test_what_the_first_could_not_be_shown_nobody_is() -> None:
    (question,) = run(asking({"n": "${{ 1 / 0 }}"}, level("lead"))).of(AskPerson)
    assert (question.who, question.input) == ("lead", None)
    assert question.failure is not None
    assert question.failure.message == "'with': division by zero"


# --- the end -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("fail", "FailStep a"),
        ("skip", "SkipStep a"),
        ({"use": SURE}, "UseValue a"),
        ({"use": {"n": "x"}}, "FailStep a"),
    ],
)
def test_exhausted(last: Json, told: str) -> None:
    done = run(plan([ASK], last=last))
    assert done.told()[-2] == told
    assert done.decisions[-2].reason.rule == "escalations.up.on_exhausted"
    assert done.decisions[-2].reason.text == "'sure' is 0.2, less than 0.5; no level helped"


def test_no_budget_no_level() -> None:
    done = run(plan([ASK], budget={"escalations": 0}))
    assert done.of(AskPerson) == []
    assert done.told()[-3:] == ["Escalate a", "FailStep a", "FinishRun"]


def test_the_calls_of_levels_are_calls() -> None:
    done = run(plan([{"agent": "other"}], budget={"calls": 1}))
    assert done.of(events.LeaveLevel)[0].reason.text == (
        "budget_exceeded: the run's 1 call (budget.calls) is used up"
    )


def test_nobody_is_troubled_about_what_has_failed_anyway() -> None:
    steps: Mapping[str, Json] = {
        "a": {"agent": "chat", "with": {"x": 1}, "catch": {"any": {"escalate": "up"}}},
        "b": {"agent": "other"},
    }
    both = plan_of(
        {
            "agentflow": 1,
            "name": "test",
            "agents": agents(),
            "escalations": {"up": {"levels": [ASK], "on_exhausted": "fail"}},
            "steps": steps,
        }
    )
    done = run(both, lambda call: (DOUBTFUL, 5.0) if call.step == "a" else FailureClass.REJECTED)
    assert done.of(AskPerson) == []
    assert [failed.step for failed in done.of(events.FailStep)] == ["b", "a"]
