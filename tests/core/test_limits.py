"""What the limits of a model hold back, and that nothing waits for ever."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentflow.core import events
from agentflow.core.events import AttemptFailed, AttemptSucceeded, Entry, StartAttempt, Usage
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.rehearsal import perform
from agentflow.engines.virtual import Answer, run_virtual
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import FailureClass
from tests.core.world import START, Does, MemoryLog, Run, answering, drive, plan_of, started

ITEMS = 6


def chats(limits: Any, steps: Any = None, **more: Any) -> Plan:
    """Six items for model `m`, and one call of model `free`."""
    agent = {"kind": "llm", "timeout": "20s", "input": {}, "output": {}}
    ask = {"for_each": {"over": list(range(ITEMS)), "max": ITEMS}, "agent": "ask"}
    return plan_of(
        {
            "agentflow": 1,
            "name": "chats",
            "models": {
                "m": {"model": "openai/m", "max_output_tokens": 100, "limits": limits},
                "free": {"model": "openai/free"},
            },
            "agents": {
                "ask": {**agent, "model": "m", "instructions": "Hello."},
                "other": {**agent, "model": "free"},
            },
            "steps": steps or {"ask": ask, "other": {"agent": "other"}},
            **more,
        }
    )


def starts(run: Run) -> list[tuple[str, float]]:
    """The calls in order, and when they started, in seconds from the start of the run."""
    return [
        (decision.step, round(entry.fact.at - START, 6))
        for entry in run.entries
        for decision in entry.decisions
        if isinstance(decision, StartAttempt)
    ]


def taking(seconds: float) -> Any:
    return lambda _call: ({}, seconds)


def test_so_many_calls_are_in_flight_and_calls_of_other_models_pass_by() -> None:
    run = drive(chats({"concurrency": 2}), taking(10))
    assert run.state.status == "succeeded"
    assert starts(run) == [
        ("other", 0), ("ask[0]", 0), ("ask[1]", 0),
        ("ask[2]", 10), ("ask[3]", 10), ("ask[4]", 20), ("ask[5]", 20),
    ]  # fmt: skip
    first, behind = run.of(events.HoldBack)[:2]
    assert (first.step, first.model, first.until) == ("ask[2]", "openai/m", None)
    assert first.reason.rule == "models.m.limits.concurrency"
    assert first.reason.text == "2 calls of 'openai/m' are in flight"
    assert first.reason.figures == {"in_flight": 2, "concurrency": 2}
    assert behind.reason.text == "other calls wait for 'openai/m'"
    assert behind.reason.figures == {"waiting": 1}


def test_so_many_calls_start_in_a_minute_and_waiting_is_no_part_of_their_time() -> None:
    run = drive(chats({"requests_per_minute": 4}), taking(15))
    assert run.state.status == "succeeded"
    assert [at for step, at in starts(run) if step != "other"] == [0, 0, 0, 0, 60, 60]
    held = run.of(events.HoldBack)[0]
    assert held.until == START + 60
    assert held.reason.rule == "models.m.limits.requests_per_minute"
    assert held.reason.text == "4 requests to 'openai/m' in the last minute"
    # Not one decision for each call that waits and each call that ends.
    assert len(run.of(events.HoldBack)) == 2
    assert replay(chats({"requests_per_minute": 4}), run.entries).divergence is None


def test_the_minute_of_a_call_begins_when_its_request_leaves() -> None:
    plan, entries = chats({"requests_per_minute": 4}), list[Entry]()
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    driver.take([started()])
    calls = [at for at in driver.state.running if at != "other"]
    driver.take([events.AttemptAdmitted(START + 15, at, 1) for at in calls])
    held = Run(driver.state, entries).of(events.HoldBack)[0]
    assert held.until == START + 60
    (again,) = driver.take([events.TimerFired(START + 60, held.step)])
    assert isinstance(again, events.HoldBack)
    assert again.until == START + 75
    then = driver.take([events.TimerFired(START + 75, held.step)])
    assert [one.step for one in then if isinstance(one, StartAttempt)] == ["ask[4]", "ask[5]"]
    assert replay(plan, entries).divergence is None


def with_usage(tokens: int) -> Any:
    """Each call takes a second and says that it has used so many tokens."""

    def answer(call: StartAttempt) -> Answer:
        usage = Usage("m", tokens - 1, 1)
        return Answer(AttemptSucceeded(0, call.step, call.attempt, value={}, usage=usage), 1)

    return answer


def run_with(plan: Plan, answer: Any) -> Run:
    entries: list[Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    run_virtual(driver, started(), answer)
    return Run(driver.state, entries)


def test_tokens_count_as_they_may_be_used_and_then_as_they_were() -> None:
    # A call may use about 650 tokens, and uses 310.
    run = run_with(chats({"tokens_per_minute": 1_550}), with_usage(310))
    assert [at for step, at in starts(run) if step != "other"] == [0, 0, 1, 60, 61, 62]
    rules = {held.reason.rule for held in run.of(events.HoldBack)}
    assert "models.m.limits.tokens_per_minute" in rules


def test_a_call_that_is_too_large_for_any_minute_has_one_for_itself() -> None:
    run = run_with(chats({"tokens_per_minute": 10}), with_usage(5_000))
    assert [at for step, at in starts(run) if step != "other"] == [0, 60, 120, 180, 240, 300]


def test_what_was_refused_took_no_tokens() -> None:
    run = drive(
        chats({"tokens_per_minute": 5_000}),
        lambda call: FailureClass.RATE_LIMITED if call.step == "ask[0]" else {},
    )
    assert run.state.status == "failed"


def test_a_run_that_is_played_back_has_no_limits() -> None:
    entries: list[Entry] = []
    plan = chats({"concurrency": 1, "requests_per_minute": 1})
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    run_virtual(driver, replace(started(), playback="calls.jsonl"), answering(taking(1)))
    assert {at for _, at in starts(Run(driver.state, entries))} == {0}


def test_all_steps_share_a_model() -> None:
    steps = {name: {"agent": "ask"} for name in "abc"}
    run = drive(chats({"concurrency": 1}, steps), taking(5))
    assert starts(run) == [("a", 0), ("b", 5), ("c", 10)]


def test_what_is_held_back_is_given_up_with_its_scope() -> None:
    plan = chats({"concurrency": 1}, fail_fast=True)
    run = drive(plan, lambda call: (FailureClass.REJECTED, 3.0) if "ask" in call.step else ({}, 9))
    assert run.state.status == "failed"
    assert [d.step for d in run.of(events.CancelStep)] == [f"ask[{n}]" for n in range(1, ITEMS)]
    assert starts(run) == [("other", 0), ("ask[0]", 0)]


def test_the_one_after_a_call_that_is_given_up_is_not_forgotten() -> None:
    # When its turn comes, `a` has no money left in its own budget, and turns to another agent.
    steps = {
        "first": {"agent": "ask"},
        "a": {"agent": "ask", "budget": {"tokens": 1}, "catch": {"any": "skip"}},
        "b": {"agent": "ask"},
    }
    run = drive(chats({"concurrency": 1}, steps), taking(5))
    assert run.state.status == "succeeded"
    assert starts(run) == [("first", 0), ("b", 5)]


def test_a_crash_gives_back_the_places_that_were_taken() -> None:
    answers = {"ask[*]": [{"crash": True}, *[{"value": {}}] * ITEMS], "other": {"value": {}}}
    plan = chats({"concurrency": 1, "requests_per_minute": 2}, tests={"t": {"answers": answers}})
    entries = perform(plan, plan.scripts["t"], "t.yaml", {}).entries
    last = entries[-1].decisions[-1]
    assert isinstance(last, events.FinishRun)
    assert last.status == "succeeded"


limits = st.fixed_dictionaries(
    {},
    optional={
        "concurrency": st.integers(1, 3),
        "requests_per_minute": st.integers(1, 4),
        "tokens_per_minute": st.sampled_from([10, 3_000, 9_000]),
    },
).filter(bool)
outcomes = st.sampled_from(
    [*[{}] * 3, "wrong", FailureClass.REJECTED, FailureClass.TIMEOUT, FailureClass.RATE_LIMITED]
)


@settings(max_examples=120, deadline=None)
@given(
    limits,
    st.lists(st.tuples(outcomes, st.sampled_from([0.0, 1.0, 25.0, 70.0])), min_size=1, max_size=8),
    st.sampled_from(["fail", "skip", {"agent": "other"}, {"use": {}}]),
    st.booleans(),
    st.integers(1, 4),
    st.integers(4, 40),
)
def test_no_limit_is_broken_and_every_run_ends(
    limits: Any, does: list[tuple[Does, float]], catch: Any, fast: bool, slots: int, calls: int
) -> None:
    retry = {"max_attempts": 2, "backoff": {"initial": "3s"}}
    ask = {"agent": "ask", "retry": retry, "repair": 1, "catch": {"any": catch}}
    steps = {
        "ask": {"for_each": {"over": list(range(ITEMS)), "max": ITEMS}, **ask},
        "b": ask,
        "c": {**ask, "needs": ["b"]},
    }
    plan = chats(limits, steps, fail_fast=fast, budget={"calls": calls})
    made = iter(range(10_000))
    answer = answering(lambda call: does[next(made) % len(does)])
    entries: list[Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    run_virtual(driver, started(concurrency=slots), answer)
    run = Run(driver.state, entries)
    assert run.state.status in ("succeeded", "failed")
    assert all(not traffic.queue and not traffic.running for traffic in run.state.traffic.values())
    _check(run, limits)
    assert replay(plan, entries).divergence is None


def _check(run: Run, limits: dict[str, int]) -> None:
    """No more calls of the model at a time, or in any minute, than its limits allow."""
    flying: set[str] = set()
    begun: list[float] = []
    for entry in run.entries:
        fact = entry.fact
        if isinstance(fact, AttemptSucceeded | AttemptFailed):
            flying.discard(fact.step)
        for decision in entry.decisions:
            if isinstance(decision, events.CancelAttempt):
                flying.discard(decision.step)
            if isinstance(decision, StartAttempt) and decision.agent == "ask":
                flying.add(decision.step)
                begun.append(fact.at)
                minute = [at for at in begun if at > fact.at - 60]
                assert len(minute) <= limits.get("requests_per_minute", 10_000)
        assert len(flying) <= limits.get("concurrency", 10_000)
