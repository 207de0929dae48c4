"""Retries, effects, budgets, crashes: what the core does when things go wrong."""

from collections.abc import Mapping

import pytest

from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.evolve import evolve
from agentflow.core.purse import Purse
from agentflow.core.retry import share
from agentflow.core.state import State
from agentflow.core.table import IllegalTransition
from agentflow.plan.backoff import backoff
from agentflow.replay import fold
from agentflow.spec.model import Backoff, FailureClass, Json
from tests.core.world import START, drive, pipeline, started

EXACT = {"initial": "2s", "factor": 3, "max": "10s", "jitter": "none"}


def purse(state: State) -> Purse:
    """What the run has used up."""
    assert state.root is not None
    return state.root.purse


def policy(max_attempts: int, **more: Json) -> dict[str, Json]:
    return {"max_attempts": max_attempts, "backoff": EXACT, **more}


def test_attempts_are_made_as_often_as_the_policy_says_the_first_included() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": policy(4)}})
    run = drive(plan, lambda call: FailureClass.TIMEOUT)
    assert [start.attempt for start in run.of(events.StartAttempt)] == [1, 2, 3, 4]
    assert [retry.delay for retry in run.of(events.Retry)] == [2, 6, 10]
    (fail,) = run.of(events.FailStep)
    assert fail.reason.figures["no_retry"] == "attempt 4 of 4 failed"
    assert purse(run.state).spent.get("retries", 0) == 3
    # three waits, four attempts of a second each
    assert run.state.now - START == 2 + 6 + 10 + 4


def test_a_retry_that_succeeds_ends_the_matter() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": policy(3)}})
    run = drive(plan, lambda c: {"n": 1} if c.attempt == 2 else FailureClass.NOT_SENT)
    assert run.told() == [
        "StartAttempt a",
        "Retry a",
        "StartAttempt a",
        "AcceptOutput a",
        "FinishRun",
    ]


def test_only_the_classes_of_the_policy_are_retried() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": policy(3, on=["rate_limited"])}})
    run = drive(plan, lambda call: FailureClass.TIMEOUT)
    assert run.of(events.Retry) == []
    assert run.of(events.FailStep)[0].reason.figures["no_retry"] == (
        "the policy does not retry 'timeout'"
    )


def test_an_invalid_answer_is_retried_if_the_policy_says_so() -> None:
    plan = pipeline(
        {"a": {"agent": "do", "retry": policy(2, on=["invalid_output"])}}, output={"type": "object"}
    )
    run = drive(plan, lambda call: "no" if call.attempt == 1 else {})
    assert run.told()[1:4] == ["RejectOutput a", "Retry a", "StartAttempt a"]
    assert run.state.status == "succeeded"


@pytest.mark.parametrize("failure", [FailureClass.TIMEOUT, FailureClass.SERVER_ERROR])
def test_an_ambiguous_failure_of_a_write_is_never_repeated(failure: FailureClass) -> None:
    step = {"agent": "write", "retry": policy(3), "catch": {"unknown_effect": "fail"}}
    run = drive(pipeline({"a": step}), lambda call: failure)
    assert len(run.of(events.StartAttempt)) == 1
    (fail,) = run.of(events.FailStep)
    assert fail.status == "unknown"
    assert fail.failure == events.Failure(
        FailureClass.UNKNOWN_EFFECT,
        "as the script says; its effects are 'write' and may have happened",
        cause=failure,
    )


def test_a_write_that_never_left_is_repeated() -> None:
    plan = pipeline({"a": {"agent": "write", "retry": policy(2)}})
    run = drive(plan, lambda c: FailureClass.NOT_SENT if c.attempt == 1 else {})
    assert run.state.status == "succeeded"


def test_a_write_that_answered_wrongly_has_acted_and_is_not_repeated() -> None:
    plan = pipeline(
        {"a": {"agent": "write", "retry": policy(3, on=["invalid_output"])}},
        output={"type": "object"},
    )
    run = drive(plan, lambda call: "no")
    assert len(run.of(events.StartAttempt)) == 1
    assert run.of(events.FailStep)[0].reason.figures["no_retry"] == (
        "the agent has acted, its effects are 'write', and there is no idempotency key"
    )


def test_catch_sees_the_cause_of_an_unknown_effect() -> None:
    for key in ("unknown_effect", "timeout", "any"):
        plan = pipeline({"a": {"agent": "write", "catch": {key: "skip"}}})
        run = drive(plan, lambda call: FailureClass.TIMEOUT)
        assert run.of(events.SkipStep)[0].reason.rule == f"a.catch.{key}"


def test_the_retry_budget_of_the_run_ends_retries_before_the_policy_does() -> None:
    each = {"over": [1, 2, 3], "max": 3}
    plan = pipeline(
        {"a": {"for_each": each, "agent": "do", "retry": policy(9), "catch": {"any": "skip"}}},
        budget={"retries": 4},
    )
    run = drive(plan, lambda call: FailureClass.TIMEOUT)
    assert purse(run.state).spent.get("retries", 0) == 4
    reasons = {skip.reason.figures["no_retry"] for skip in run.of(events.SkipStep)}
    assert reasons == {"the run's 4 retries (budget.retries) are used up"}


def test_the_call_budget_ends_the_run_before_the_call_is_made() -> None:
    plan = pipeline(
        {"a": {"for_each": {"over": [1, 2, 3, 4, 5], "max": 5, "parallel": 1}, "agent": "do"}},
        budget={"calls": 3},
    )
    run = drive(plan)
    assert len(run.of(events.StartAttempt)) == 3
    assert run.state.failure is not None
    assert run.state.failure.kind == "budget_exceeded"
    assert (
        run.state.failure.message
        == "step 'a[3]' failed: the run's 3 calls (budget.calls) are used up"
    )


def test_the_wall_budget_stops_what_is_in_flight() -> None:
    plan = pipeline(
        {
            "slow": {"agent": "do"},
            "risky": {"agent": "write"},
            "after": {"agent": "do", "needs": ["slow"]},
        },
        budget={"wall": "5s"},
    )
    run = drive(plan, lambda c: ({}, 60.0))
    assert [(c.step, c.status) for c in run.of(events.CancelAttempt)] == [
        ("slow", "cancelled"),
        ("risky", "unknown"),
    ]
    assert run.state.status == "failed"
    assert run.state.now - START == 5
    assert run.state.failure == events.Failure(
        FailureClass.UNKNOWN_EFFECT,
        "the run took longer than 5s (budget.wall), "
        "and what was in flight inside may have had its effect",
        FailureClass.BUDGET_EXCEEDED,
    )


def test_no_wait_is_begun_that_the_run_will_not_see_the_end_of() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": policy(9)}}, budget={"wall": "13s"})
    run = drive(plan, lambda call: FailureClass.TIMEOUT)
    # Attempts of a second each, and waits of 2 and 6 seconds; the next wait would be of 10.
    assert [retry.delay for retry in run.of(events.Retry)] == [2, 6]
    (fail,) = run.of(events.FailStep)
    assert fail.failure.kind == "timeout"
    assert fail.reason.figures == {
        "failed": 3,
        "max_attempts": 9,
        "retries_used": 2,
        "budget": 13,
        "left": 2,
        "delay": 10,
        "no_retry": "the run is over in 2s (budget.wall), before a wait of 10s",
    }
    assert run.state.now - START == 11


def test_retry_after_is_honoured_only_if_the_run_goes_on_for_so_long() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": policy(2)}}, budget={"wall": "40s"})
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(
        state,
        events.AttemptFailed(START + 1, "a", 1, FailureClass.RATE_LIMITED, "429", retry_after=45),
    )
    _, decisions = settle(state)
    assert isinstance(decisions[0], events.FailStep)
    assert decisions[0].reason.figures["no_retry"] == (
        "the run is over in 39s (budget.wall), before a wait of 45s"
    )


def test_an_attempt_is_given_no_longer_than_what_is_left() -> None:
    plan = pipeline(
        {
            "a": {"agent": "do", "timeout": "4s"},
            "b": {"agent": "do", "timeout": "4s", "needs": ["a"]},
        },
        budget={"wall": "5s"},
    )
    run = drive(plan, lambda call: ({}, 3.0 if call.step == "a" else 1.0))
    first, second = run.of(events.StartAttempt)
    assert (first.timeout, second.timeout) == (4, 2)
    assert first.reason.figures == {}
    assert second.reason.text == "ended: a; 2s are left (budget.wall)"
    assert second.reason.figures == {"timeout": 4, "left": 2}


def test_nothing_starts_when_the_time_was_over_before_the_run_was_taken_up() -> None:
    plan = pipeline({"a": {"agent": "do"}}, budget={"wall": "5s"})
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(state, events.RunResumed(START + 60, "test"))
    evolve(state, events.AttemptLost(START + 60, "a", 1))
    _, decisions = settle(state)
    assert [type(decision).__name__ for decision in decisions] == ["Retry"]
    evolve(state, events.TimerFired(START + 60))
    settle(state)
    assert state.status == "failed"
    assert state.failure is not None
    assert state.failure.message == "the run took longer than 5s (budget.wall)"


def test_retry_after_is_honoured_where_it_is_longer() -> None:
    plan = pipeline({"a": {"agent": "do", "retry": policy(2)}})
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(
        state,
        events.AttemptFailed(START + 1, "a", 1, FailureClass.RATE_LIMITED, "429", retry_after=45),
    )
    _, (retry,) = settle(state)
    assert isinstance(retry, events.Retry)
    assert retry.delay == 45
    assert retry.reason.text == ("'rate_limited' in attempt 1 of 2; the other side asked for 45s")


def crashed(agent: str, **step: Json) -> tuple[State, tuple[events.Decision, ...]]:
    """A run whose process died with one attempt in flight, taken up again."""
    plan = pipeline({"a": {"agent": agent, **step}})
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(state, events.RunResumed(START + 5, "test"))
    evolve(state, events.AttemptLost(START + 5, "a", 1))
    return settle(state)


def test_a_lost_attempt_without_effects_is_repeated_and_costs_no_retry() -> None:
    state, (retry, start) = crashed("do")
    assert isinstance(retry, events.Retry)
    assert not retry.counted
    assert retry.reason.text == (
        "the process ended before the outcome was known; effects are 'none'"
    )
    assert isinstance(start, events.StartAttempt)
    assert start.attempt == 2
    assert purse(state).spent.get("retries", 0) == 0


def test_a_lost_write_becomes_unknown_and_is_not_repeated() -> None:
    state, (fail, finish) = crashed("write", retry=policy(5), catch={"unknown_effect": "fail"})
    assert isinstance(fail, events.FailStep)
    assert fail.status == "unknown"
    assert fail.failure.kind == "unknown_effect"
    assert isinstance(finish, events.FinishRun)
    assert state.status == "failed"


def test_an_interrupted_run_decides_nothing_until_it_is_resumed() -> None:
    plan = pipeline({"a": {"agent": "do"}, "b": {"agent": "do", "needs": ["a"]}})
    state = State(plan)
    entries: list[events.Entry] = []
    facts: list[events.Fact] = [
        started(),
        events.RunInterrupted(START + 1, "SIGINT"),
        events.AttemptSucceeded(START + 2, "a", 1, value={}),
    ]
    for seq, fact in enumerate(facts):
        evolve(state, fact)
        entries.append(events.Entry(seq, fact, settle(state)[1]))
    assert entries[1].decisions == ()
    assert entries[2].decisions == ()
    again = fold(plan, entries)
    evolve(again, events.RunResumed(START + 9, "test"))
    _, decisions = settle(again)
    assert [type(d).__name__ for d in decisions] == ["AcceptOutput", "StartAttempt"]


def test_a_fact_that_cannot_happen_is_refused_with_step_state_and_event() -> None:
    plan = pipeline({"a": {"agent": "do"}})
    state = State(plan)
    evolve(state, started())
    settle(state)
    impossible: Mapping[str, events.Event] = {
        "AttemptSucceeded is impossible: 'b' is not running": events.AttemptSucceeded(
            START, "b", 1
        ),
        "AttemptFailed is impossible: 'a' is in attempt 1": events.AttemptFailed(
            START, "a", 7, FailureClass.TIMEOUT, ""
        ),
        "RunStarted is impossible: 'run' is started already": started(),
        "TimerFired is impossible: 'a' is not waiting": events.TimerFired(START, "a"),
        "AcceptOutput is impossible: 'a' is not to be decided": events.AcceptOutput(
            "a", 1, events.Reason("", "")
        ),
    }
    for message, event in impossible.items():
        with pytest.raises(IllegalTransition) as error:
            evolve(state, event)
        assert str(error.value) == message


def test_backoff_grows_to_its_cap_and_jitter_is_a_share_of_it() -> None:
    plain = Backoff(initial="1s", factor=2, max="5s", jitter="none")
    assert [backoff(plain, n, 0.5) for n in range(5)] == [1, 2, 4, 5, 5]
    full = Backoff(initial="1s", factor=2, max="5s", jitter="full")
    assert [backoff(full, n, 0.5) for n in range(5)] == [0.5, 1, 2, 2.5, 2.5]


def test_chance_is_a_function_of_its_arguments() -> None:
    assert share("r1", "a", 1) == share("r1", "a", 1)
    values = {share("r1", "a", n) for n in range(100)}
    assert len(values) == 100
    assert all(0 <= value < 1 for value in values)
