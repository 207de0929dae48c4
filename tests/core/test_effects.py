"""Idempotency keys: what may be repeated with one, what it is frozen with, what stays unknown."""

import pytest

from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.plan.steps import Plan
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Run, drive, pipeline, started

NOBODY = {"unknown_effect": "fail"}
AT_ONCE = {"backoff": {"jitter": "none", "initial": "1ms"}}


def keyed(key: str = "${{ run.id }}/pay", **step: Json) -> Plan:
    """One write with a key."""
    return pipeline({"a": {"agent": "write", "idempotency_key": key, **step}})


def keys(run: Run) -> list[str | None]:
    return [start.key for start in run.of(events.StartAttempt)]


@pytest.mark.parametrize("failure", [FailureClass.TIMEOUT, FailureClass.SERVER_ERROR])
def test_a_write_with_a_key_is_repeated_after_an_ambiguous_failure(failure: FailureClass) -> None:
    plan = keyed(retry={"max_attempts": 3, **AT_ONCE})
    run = drive(plan, lambda call: {} if call.attempt == 3 else failure)
    assert run.state.status == "succeeded"
    assert keys(run) == ["r1/pay", "r1/pay", "r1/pay"]


def test_every_repeat_carries_the_payload_of_the_first_attempt() -> None:
    plan = pipeline(
        {
            "a": {
                "agent": "write",
                "with": {"n": "${{ inputs.n }}", "deep": {"z": 1, "a": [1.0, None]}},
                "idempotency_key": "${{ inputs.n }}",
                "retry": {"max_attempts": 2, **AT_ONCE},
            }
        }
    )
    run = drive(plan, lambda c: {} if c.attempt == 2 else FailureClass.TIMEOUT, {"n": 17})
    first, second = run.of(events.StartAttempt)
    assert first.key == second.key == "17"
    assert first.input == second.input == {"n": 17, "deep": {"z": 1, "a": [1.0, None]}}


def test_every_instance_has_a_key_of_its_own() -> None:
    each = {"over": ["x", "y"], "max": 2, "as": "order"}
    run = drive(keyed("${{ order }}-${{ index }}", for_each=each))
    assert keys(run) == ["x-0", "y-1"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("${{ inputs.text }}", "found 256: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"),
        ("${{ '' }}", "found 0: ''"),
        ("a\nb", "found 3: 'a\\nb'"),
        ("order 1 ", "found 8: 'order 1 '"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_key_is_rejected_before_anything_is_called(key: str, said: str) -> None:
    run = drive(keyed(key), inputs={"text": "x" * 256})
    assert run.of(events.StartAttempt) == []
    assert run.state.failure == events.Failure(
        FailureClass.REJECTED,
        "step 'a' failed: 'idempotency_key': expected 1 to 255 printable characters, " + said,
    )


def test_a_list_is_no_key() -> None:
    run = drive(keyed("${{ [1] }}"))
    assert run.state.failure is not None
    assert run.state.failure.message.startswith("step 'a' failed: 'idempotency_key': ")


# --- what stays unknown ----------------------------------------------------------------------


def test_a_write_that_gives_up_after_ambiguous_failures_is_unknown() -> None:
    plan = keyed("k", retry={"max_attempts": 2, **AT_ONCE}, catch=NOBODY)
    run = drive(plan, lambda call: FailureClass.TIMEOUT)
    (fail,) = run.of(events.FailStep)
    assert fail.status == "unknown"
    assert fail.failure == events.Failure(
        FailureClass.UNKNOWN_EFFECT,
        "as the script says; its effects are 'write' and may have happened; "
        "its idempotency key is 'k'",
        cause=FailureClass.TIMEOUT,
    )
    assert fail.reason.figures["no_retry"] == "attempt 2 of 2 failed"


def test_a_refusal_does_not_settle_what_an_earlier_attempt_did() -> None:
    plan = keyed("k", retry={"max_attempts": 3, **AT_ONCE}, catch=NOBODY)
    outcomes = {1: FailureClass.SERVER_ERROR, 2: FailureClass.REJECTED}
    run = drive(plan, lambda call: outcomes[call.attempt])
    (fail,) = run.of(events.FailStep)
    assert (fail.status, fail.failure.kind, fail.failure.cause) == (
        "unknown",
        FailureClass.UNKNOWN_EFFECT,
        FailureClass.REJECTED,
    )
    assert fail.failure.message == (
        "as the script says; an earlier attempt may have had its effects, which are 'write'; "
        "its idempotency key is 'k'"
    )


def test_a_refusal_without_an_earlier_doubt_is_a_plain_failure() -> None:
    plan = keyed("k", retry={"max_attempts": 3, **AT_ONCE})
    outcomes = {1: FailureClass.NOT_SENT, 2: FailureClass.REJECTED}
    run = drive(plan, lambda call: outcomes[call.attempt])
    (fail,) = run.of(events.FailStep)
    assert (fail.status, fail.failure.kind) == ("failed", FailureClass.REJECTED)


def test_a_wrong_answer_means_that_the_agent_has_acted() -> None:
    plan = pipeline(
        {"a": {"agent": "write", "idempotency_key": "k", "retry": {"max_attempts": 2, **AT_ONCE}}},
        output={"type": "object"},
    )
    run = drive(plan, lambda call: FailureClass.TIMEOUT if call.attempt == 1 else "no object")
    (fail,) = run.of(events.FailStep)
    assert (fail.status, fail.failure.kind) == ("failed", FailureClass.INVALID_OUTPUT)


def test_a_wait_given_up_leaves_the_effect_of_the_attempt_before_it_unknown() -> None:
    plan = pipeline(
        {
            "a": {
                "agent": "write",
                "idempotency_key": "k",
                "retry": {"max_attempts": 2, "backoff": {"initial": "9s", "jitter": "none"}},
            },
            "b": {"agent": "do"},
        }
    )
    ends = {"a": (FailureClass.TIMEOUT, 1.0), "b": (FailureClass.REJECTED, 2.0)}
    run = drive(plan, lambda call: ends[call.step])
    unknown = run.of(events.FailStep)[-1]
    assert (unknown.step, unknown.status) == ("a", "unknown")
    assert unknown.failure.cause is FailureClass.CANCELLED
    assert run.of(events.CancelStep) == []
    assert run.state.waiting == {}


def test_a_value_that_cannot_be_used_does_not_settle_what_is_unknown() -> None:
    passed_over = {"unknown_effect": {"use": {"n": "${{ [1][inputs.n] }}"}}}
    plan = pipeline({"a": {"agent": "write", "catch": passed_over}})
    run = drive(plan, lambda _: FailureClass.TIMEOUT, {"n": 17})
    (fail,) = run.of(events.FailStep)
    assert (fail.status, fail.failure.kind) == ("unknown", FailureClass.UNKNOWN_EFFECT)
    assert fail.failure.message.startswith(
        "as the script says; its effects are 'write' and may have happened; 'catch.unknown_effect.use'"
    )


@pytest.mark.parametrize("passed_over", ["skip", {"use": {}}])
def test_what_passes_over_a_failure_keeps_it(passed_over: Json) -> None:
    plan = pipeline({"a": {"agent": "write", "catch": {"any": passed_over}}})
    run = drive(plan, lambda _: FailureClass.TIMEOUT)
    (decision,) = [*run.of(events.SkipStep), *run.of(events.UseValue)]
    assert decision.failure is not None
    assert decision.failure.kind is FailureClass.UNKNOWN_EFFECT


# --- lost with their process -----------------------------------------------------------------


def test_a_lost_write_with_a_key_is_repeated_with_the_same_key_and_payload() -> None:
    plan = pipeline({"a": {"agent": "write", "with": {"n": 1}, "idempotency_key": "${{ run.id }}"}})
    state = State(plan)
    evolve(state, started())
    _, (first,) = settle(state)
    evolve(state, events.RunResumed(START + 5, "test"))
    evolve(state, events.AttemptLost(START + 5, "a", 1))
    _, (retry, second) = settle(state)
    assert isinstance(first, events.StartAttempt)
    assert isinstance(retry, events.Retry)
    assert isinstance(second, events.StartAttempt)
    assert not retry.counted
    assert retry.reason.text == (
        "the process ended before the outcome was known; effects are 'write', "
        "and it has an idempotency key"
    )
    assert (second.attempt, second.key, second.input) == (2, "r1", first.input)


def test_a_lost_write_with_a_key_in_a_scope_that_failed_is_not_repeated() -> None:
    plan = pipeline(
        {"a": {"agent": "write", "idempotency_key": "k"}, "b": {"agent": "do"}},
    )
    state = State(plan)
    evolve(state, started())
    settle(state)
    evolve(state, events.AttemptFailed(START + 1, "b", 1, FailureClass.REJECTED, "no"))
    settle(state)
    evolve(state, events.RunResumed(START + 5, "test"))
    evolve(state, events.AttemptLost(START + 5, "a", 1))
    _, (fail, _) = settle(state)
    assert isinstance(fail, events.FailStep)
    assert (fail.step, fail.status) == ("a", "unknown")
