"""A model that fails is passed over for the next of its chain, and the log says why."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.engines.rehearsal import perform
from agentflow.plan.bounds import worst_case
from agentflow.plan.factors import call_seconds, factors_of
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import FailureClass
from tests.core.world import START, Does, Run, drive, plan_of

SMALL = {"model": "openai/s", "fallbacks": ["large", "other/x"]}
LARGE = {"model": "openai/l", "fallbacks": ["last"]}
LAST = {"model": "openai/z"}
#: The order in which they are asked.
CHAIN = ["small", "large", "last", "other/x"]


def chats(models: Any = None, step: Any = None, tests: Any = None, **agent: Any) -> Plan:
    """One step that asks model `small`."""
    return plan_of(
        {
            "agentflow": 1,
            "name": "chats",
            "models": models or {"small": SMALL, "large": LARGE, "last": LAST},
            "escalations": {
                "up": {"levels": [{"model": "large"}], "on_exhausted": "fail"}
            },
            "agents": {
                "chat": {
                    "kind": "llm",
                    "model": "small",
                    "instructions": "Hello.",
                    "timeout": "10s",
                    "input": {"type": "object"},
                    "output": {"type": "object"},
                    **agent,
                }
            },
            "tests": tests or {},
            "steps": {"ask": {"agent": "chat", **(step or {"catch": {"any": {"escalate": "up"}}})}},
        }
    )  # fmt: skip


def asked(run: Run) -> list[str]:
    """The models that were asked, in order; the agent's own has no name in the log."""
    return [start.model or "small" for start in run.of(StartAttempt)]


def failing(*kinds: FailureClass) -> Any:
    """The first calls fail so, one after the other; the next one answers."""
    return lambda call: kinds[call.attempt - 1] if call.attempt <= len(kinds) else {}


PLAIN: dict[str, Any] = {"needs": []}
BUSY, DOWN = FailureClass.RATE_LIMITED, FailureClass.SERVER_ERROR


@pytest.mark.parametrize("kind", ["not_sent", "rate_limited", "server_error", "timeout"])
def test_the_next_model_is_asked_at_once(kind: str) -> None:
    run = drive(chats(step=PLAIN), failing(FailureClass(kind)))
    assert run.state.status == "succeeded"
    assert asked(run) == ["small", "large"]
    (moved,) = run.of(events.FallBack)
    assert (moved.fallback, moved.model, moved.attempt) == (0, "large", 2)
    assert moved.reason.rule == "models.small.fallbacks[0]"
    assert moved.reason.text == f"{kind}: as the script says"
    assert moved.reason.figures == {"model": 2, "models": 4}
    assert run.of(StartAttempt)[1].reason.rule == "language.fallback"
    assert replay(chats(step=PLAIN), run.entries).divergence is None


@pytest.mark.parametrize("kind", ["rejected", "truncated", "invalid_output"])
def test_what_another_model_is_not_asked_about(kind: str) -> None:
    run = drive(chats(step=PLAIN), failing(FailureClass(kind)))
    assert asked(run) == ["small"]
    (failed,) = run.of(events.FailStep)
    why = f"no other model is asked after '{kind}'"
    assert failed.reason.figures["no_fallback"] == why


def test_fallbacks_of_fallbacks_come_right_after_them() -> None:
    run = drive(chats(step=PLAIN), failing(*[DOWN] * 9))
    assert asked(run) == CHAIN
    rules = [moved.reason.rule for moved in run.of(events.FallBack)]
    assert rules == ["models.small.fallbacks[0]", "models.large.fallbacks[0]", "models.small.fallbacks[1]"]  # fmt: skip


def test_a_retry_begins_with_the_first_model_again_and_waits_as_the_longest_asks() -> None:
    policy = {"max_attempts": 2, "backoff": {"initial": "1s", "jitter": "none"}}

    def answer(call: StartAttempt) -> Does:
        return FailureClass.SERVER_ERROR

    run = drive(chats(step=PLAIN, retry=policy), answer)
    assert asked(run) == CHAIN * 2
    (again,) = run.of(events.Retry)
    assert again.delay == 1.0
    assert again.reason.text == "'server_error' in attempt 1 of 2"
    assert run.state.root is not None
    assert run.state.root.purse.spent == {"calls": 8, "retries": 1}


def test_every_model_may_be_asked_again_about_its_answer() -> None:
    def answer(call: StartAttempt) -> Does:
        return {1: "no object", 2: DOWN, 3: "no object", 4: {}}[call.attempt]

    run = drive(chats(step=PLAIN, repair=1), answer)
    assert run.state.status == "succeeded"
    assert asked(run) == ["small", "small", "large", "large"]


def test_a_level_of_an_escalation_has_the_fallbacks_of_its_model() -> None:
    run = drive(chats(), failing(*[DOWN] * 9))
    assert asked(run) == [*CHAIN, "large", "last"]
    run = drive(chats(), failing(*[DOWN] * 5))
    assert run.state.status == "succeeded"


def test_a_model_that_may_have_had_an_effect_has_no_successor() -> None:
    run = drive(chats(step=PLAIN, effects="write"), failing(FailureClass.TIMEOUT))
    assert asked(run) == ["small"]
    (failed,) = run.of(events.Escalate)
    assert failed.failure.kind is FailureClass.UNKNOWN_EFFECT
    why = "no other model is asked: the effects of 'chat' are 'write'"
    assert failed.reason.figures["no_fallback"] == why
    assert asked(drive(chats(step=PLAIN, effects="write"), failing(BUSY))) == ["small", "large"]


def test_a_call_that_was_lost_is_made_again_with_the_same_model() -> None:
    answers = [{"fail": "rate_limited"}, {"crash": True}, {"value": {}}]
    plan = chats(step=PLAIN, tests={"t": {"answers": {"ask": answers}}})
    entries = perform(plan, plan.scripts["t"], "t.yaml", {}).entries
    started = [d for e in entries for d in e.decisions if isinstance(d, StartAttempt)]
    assert [start.model for start in started] == [None, "large", "large"]
    assert isinstance(entries[-1].decisions[-1], events.FinishRun)
    assert entries[-1].decisions[-1].status == "succeeded"


OVERFLOW = FailureClass.CONTEXT_OVERFLOW
TINY = "its window of 100 tokens may be too small for"


@pytest.mark.parametrize(
    ("windows", "kind", "models", "passed"),
    [
        ((9_000, 9_001, None), OVERFLOW, ["small", "a"], []),
        ((100, 100, None), OVERFLOW, ["small"], [f"'a': {TINY} 576", "'b': its window is not known"]),
        ((100, 100, 200), OVERFLOW, ["small", "b"], [f"'a': {TINY} 576"]),
        ((100, 9_000, None), OVERFLOW, ["small", "a"], []),
        ((None, 9_000, None), OVERFLOW, ["small", "a"], []),
        ((None, 100, None), OVERFLOW, ["small"], [f"'a': {TINY} 576", "'b': its window is not known"]),
        ((900, 100, None), BUSY, ["small", "b"], [f"'a': {TINY} 576"]),
        ((500, 100, 499), BUSY, ["small"], [f"'a': {TINY} 576", "'b': its window of 499 tokens may be too small for 576"]),
        ((900, 900, None), BUSY, ["small", "a"], []),
        ((9_000, 8_000, None), BUSY, ["small", "a"], []),
        ((None, 100, None), BUSY, ["small", "b"], [f"'a': {TINY} 576"]),
    ],
    ids=["larger", "as large", "second", "larger still", "fits", "unknown", "smaller", "both", "equal", "smaller fits", "smaller unknown"],
)  # fmt: skip
def test_windows(windows: Any, kind: FailureClass, models: list[str], passed: list[str]) -> None:
    names = {"small": ["a", "b"], "a": [], "b": []}
    defined = {
        name: {
            "model": f"x/{name}",
            "fallbacks": fallbacks,
            **({"window": window} if window is not None else {}),
        }
        for (name, fallbacks), window in zip(names.items(), windows, strict=True)
    }
    run = drive(chats(defined, PLAIN), failing(kind))
    assert asked(run) == models
    if len(models) > 1:
        assert run.of(events.FallBack)[0].reason.figures.get("passed_over", []) == passed
    else:
        why = run.of(events.FailStep)[0].reason.figures["no_fallback"]
        assert why == f"no other model is asked: {'; '.join(passed)}"


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2), st.integers(0, 3))
def test_where_everything_fails_the_worst_case_is_reached(
    attempts: int, repairs: int, fallbacks: int
) -> None:
    models: dict[str, Any] = {f"m{n}": {"model": f"x/{n}"} for n in range(fallbacks)}
    models["small"] = {"model": "x/s", "fallbacks": list(models)}
    policy = {"max_attempts": attempts, "backoff": {"initial": "3s", "jitter": "none"}}
    plan = chats(models, PLAIN, retry=policy, repair=repairs)

    def answer(call: StartAttempt) -> tuple[Does, float]:
        # Each model answers wrongly as often as it is asked again, and then not at all.
        last = call.attempt % (repairs + 1) == 0
        return (FailureClass.TIMEOUT if last else "no object"), 10.0

    run = drive(plan, answer)
    made, call = len(run.of(StartAttempt)), plan.steps["ask"].call
    assert call is not None
    assert made == factors_of(call).made == attempts * (1 + fallbacks) * (1 + repairs)
    assert worst_case(plan).needed.calls.amount == made
    assert round(run.state.now - START - call_seconds(call), 6) == 0
