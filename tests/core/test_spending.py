"""Budgets: held back before a call, settled after it, carved out of what is around them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.agents.prompts import messages
from agentflow.agents.protocol import Call
from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.events import AttemptSucceeded, Complaint, StartAttempt, Usage
from agentflow.core.evolve import evolve
from agentflow.core.purse import Purse
from agentflow.core.spending import prompt_bytes
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.virtual import Answer, run_virtual
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.templates import parse_template
from tests.core.world import MemoryLog, Run, drive, plan_of, started

#: 100 tokens in, at 1 dollar for a million, and 1,000 out, at 10.
PRICE = {"input": 1, "output": 10}
MODEL = {"model": "openai/ours", "max_output_tokens": 1000, "price": PRICE}


def spec(steps: dict[str, Json], **more: Json) -> Plan:
    """A plan with the agents `chat`, `trade` (a write that charges `cash`), and `do`."""
    agents: dict[str, Json] = {
        "chat": {"kind": "llm", "model": "ours", "input": {}, "output": {}},
        "trade": {
            "kind": "command",
            "argv": ["true"],
            "input": {},
            "output": {},
            "charges": {"cash": "${{ input.quantity * input.price }}"},
        },
        "do": {"kind": "command", "argv": ["true"], "effects": "none", "input": {}, "output": {}},
    }
    whole = {"agentflow": 1, "name": "test", "models": {"ours": MODEL}, "agents": agents}
    return plan_of({**whole, "steps": steps, **more})


def spend(plan: Plan, *, tokens: tuple[int, int] | None = (100, 400), concurrency: int = 16) -> Run:
    """Drive a plan whose chats report these tokens, in and out."""
    entries: list[events.Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)

    def answer(call: StartAttempt) -> Answer:
        used = None if tokens is None else Usage("openai/ours", *tokens)
        return Answer(AttemptSucceeded(0, call.step, call.attempt, value={}, usage=used), 1.0)

    run_virtual(driver, started(concurrency=concurrency), answer)
    return Run(driver.state, entries)


def purse(run: Run) -> Purse:
    assert run.state.root is not None
    return run.state.root.purse


def fan(agent: str, count: int, **step: Json) -> dict[str, Json]:
    each = {"over": list(range(count)), "max": count}
    return {"a": {"for_each": each, "agent": agent, **step}}


def trades(*deals: tuple[float, float], **step: Json) -> dict[str, Json]:
    """One trade for each pair of quantity and price."""
    over = [{"quantity": quantity, "price": price} for quantity, price in deals]
    given = {"quantity": "${{ item.quantity }}", "price": "${{ item.price }}"}
    return {"a": {"for_each": {"over": over, "max": 9}, "agent": "trade", "with": given, **step}}


# --- tokens and money ----------------------------------------------------------------------


def test_what_a_call_may_use_is_held_and_what_it_used_is_charged() -> None:
    run = spend(spec({"a": {"agent": "chat"}}, budget={"tokens": 10_000, "usd": 1}))
    (start,) = run.of(StartAttempt)
    prompt = start.held["tokens"] - 1000
    assert prompt == 500 + 50 + 4  # the frame, delimiters, and `{}` for input and contract
    assert start.held["usd"] == pytest.approx((prompt * 1 + 1000 * 10) / 1e6)
    assert purse(run).spent == {"calls": 1, "tokens": 500, "usd": (100 * 1 + 400 * 10) / 1e6}
    assert set(purse(run).held.values()) == {0}
    (finish,) = run.of(events.FinishRun)
    assert finish.reason.figures == {"spent": {"tokens": 500, "usd": 0.0041}}


def test_nothing_is_held_that_no_budget_bounds() -> None:
    run = spend(spec({"a": {"agent": "chat"}}))
    assert run.of(StartAttempt)[0].held == {}
    assert purse(run).spent == {"calls": 1}


def test_calls_at_the_same_time_wait_for_money_that_may_come_back() -> None:
    plan = spec(fan("chat", 6), budget={"tokens": 4100})
    run = spend(plan)
    assert run.state.status == "succeeded"
    # Two calls may use 1,554 tokens each; all six use 500 each in the end.
    at_once = max(
        sum(isinstance(decision, StartAttempt) for decision in entry.decisions)
        for entry in run.entries
    )
    assert at_once == 2
    assert purse(run).spent["tokens"] == 3000


def test_a_call_that_cannot_be_paid_any_more_fails_before_it_is_made() -> None:
    plan = spec(fan("chat", 6, catch={"budget_exceeded": "skip"}), budget={"tokens": 2550})
    run = spend(plan)
    assert len(run.of(StartAttempt)) == 2
    skipped = run.of(events.SkipStep)
    assert len(skipped) == 4
    message = skipped[0].reason.text
    assert message.startswith("1,550 are left of the run's 2,550 tokens (budget.tokens), and this")
    assert message.endswith("call may use 1,554")


@pytest.mark.parametrize("left", [True, False])
def test_a_refusal_tells_what_calls_were_charged_that_told_no_usage(left: bool) -> None:
    steps: dict[str, Json] = {"a": {"agent": "chat"}, "b": {"agent": "chat"}}
    run = spend(spec(steps, budget={"tokens": 2000 if left else 1554}), tokens=None)
    failed = run.of(events.FailStep)[0]
    wants = "446 are left of the run's 2,000 tokens (budget.tokens), and this call may use 1,554"
    used_up = "the run's 1,554 tokens (budget.tokens) are used up"
    assert failed.failure.message == (
        f"{wants if left else used_up}; 1,554 were charged for calls that told no usage"
    )


def test_without_figures_of_the_provider_what_was_held_is_gone() -> None:
    plan = spec(fan("chat", 3, catch={"budget_exceeded": "skip"}), budget={"tokens": 4000})
    run = spend(plan, tokens=None)
    assert len(run.of(StartAttempt)) == 2
    assert purse(run).spent["tokens"] == sum(s.held["tokens"] for s in run.of(StartAttempt))


@pytest.mark.parametrize(
    ("failure", "gone"),
    [
        (FailureClass.NOT_SENT, False),
        (FailureClass.RATE_LIMITED, False),
        (FailureClass.REJECTED, False),
        (FailureClass.CONTEXT_OVERFLOW, False),
        (FailureClass.TIMEOUT, True),
        (FailureClass.SERVER_ERROR, True),
        (FailureClass.TRUNCATED, True),
    ],
)
def test_a_failure_costs_nothing_if_nothing_was_done(failure: FailureClass, gone: bool) -> None:
    plan = spec({"a": {"agent": "chat", "catch": {"any": "skip"}}}, budget={"tokens": 9000})
    run = drive(plan, lambda call: failure)
    assert (purse(run).spent.get("tokens", 0) > 0) is gone
    assert purse(run).spent["calls"] == 1
    assert purse(run).held["tokens"] == 0


def test_a_model_without_a_limit_cannot_be_bounded() -> None:
    plan = spec({"a": {"agent": "chat"}}, models={"ours": {"model": "openai/ours"}}, budget={"tokens": 9000})  # fmt: skip
    run = spend(plan)
    assert run.of(StartAttempt) == []
    assert run.state.failure is not None
    assert run.state.failure.message == (
        "step 'a' failed: the run's 9,000 tokens (budget.tokens) cannot be kept: its model has no"
        " 'max_output_tokens'"
    )


def test_a_repair_is_held_with_what_the_model_is_told() -> None:
    plan = spec({"a": {"agent": "chat", "repair": 1}}, budget={"tokens": 90_000})
    run = drive(plan, lambda call: {} if call.attempt == 2 else FailureClass.TRUNCATED)
    first, again = (start.held["tokens"] for start in run.of(StartAttempt))
    assert again > first


@pytest.mark.parametrize(
    ("prompt", "given", "data"),
    [
        ("Hi ${{ input.a }}", {"a": "a" * 1000}, 3 + 1000),
        ("Hi", {"a": "a" * 1000}, 2 - 50),
        ("${{ input.a }}, ${{ input.a }}", {"a": "\u20ac" * 10}, 2 + 2 * 30 + 50),
        ("${{ input.a + 'b' }}", {"a": "a"}, 2),
        ("Hi ${{ input.b }}", {"a": "a" * 1000}, 3),
        (None, {"a": "\u00e4"}, len('{"a": "\u00e4"}') + 1),
    ],
    ids=["text", "nothing", "twice", "worked_out", "absent", "all"],
)
def test_held_are_the_bytes_of_what_is_sent(prompt: str | None, given: Json, data: int) -> None:
    agent: dict[str, Json] = {"kind": "llm", "model": "ours", "input": {}, "output": {}}
    agent["prompt"] = prompt
    step: Json = {"agent": "one", "with": given, "catch": {"any": "skip"}}
    run = spend(spec({"a": step}, agents={"one": agent}, budget={"tokens": 10_000}))
    (start,) = run.of(StartAttempt)
    assert start.held["tokens"] - 1000 - 500 - 50 - 2 == data


@given(
    st.fixed_dictionaries(
        {"a": st.text(max_size=9) | st.integers(), "b": st.text(max_size=9)},
        optional={"c": st.lists(st.text())},
    ),
    st.sampled_from(
        [None, "Hi", "${{ input }}", "${{ input.a }}: ${{ input.b }}", "x ${{ json(input) }}"]
    ),
    st.none() | st.tuples(st.text(max_size=60), st.lists(st.text(min_size=1), min_size=1)),
    st.booleans(),
)
def test_no_request_is_larger_than_what_is_held(
    given: dict[str, Json], prompt: str | None, wrong: Any, contract: bool
) -> None:
    schema: Json = {"type": "object", "properties": {"a": {"title": "\u00e4"}}}
    agent: dict[str, Json] = {"kind": "llm", "model": "ours", "input": {}, "output": schema}
    agent["prompt"] = prompt
    plan = spec({"a": {"agent": "one"}}, agents={"one": agent})
    state = State(plan)
    evolve(state, started())
    settle(state)
    assert state.root is not None
    instance = state.root.steps["a"]
    called = plan.steps["a"].call
    assert called is not None
    assert called.chat is not None
    told = Complaint(wrong[0], tuple(wrong[1])) if wrong is not None else None
    instance.complaint = told
    call = Call("run", "a", 1, "one", given, schema, timeout=9, complaint=told)
    parsed = parse_template(prompt) if prompt is not None else None
    said = messages(None, parsed, call, "ours", show_contract=contract)
    sent = sum(len(message["content"].encode()) for message in said)
    assert sent <= prompt_bytes(instance, called.chat, given)


# --- meters --------------------------------------------------------------------------------


def test_agents_charge_meters_of_the_authors_own() -> None:
    run = drive(spec(trades((2, 100), (1, 50)), budget={"meters": {"cash": 300}}))
    assert [start.held for start in run.of(StartAttempt)] == [
        {"meters.cash": 200.0},
        {"meters.cash": 50.0},
    ]
    assert purse(run).spent["meters.cash"] == 250


def test_a_meter_that_would_run_over_stops_the_call() -> None:
    steps = trades((2, 100), (2, 100), (1, 50), catch={"budget_exceeded": "skip"})
    run = drive(spec(steps, budget={"meters": {"cash": 300}}), concurrency=1)
    assert [start.step for start in run.of(StartAttempt)] == ["a[0]", "a[2]"]
    assert run.of(events.SkipStep)[0].reason.text == (
        "100 are left of the run's 300 cash (budget.meters.cash), and this call may use 200"
    )


def test_a_repetition_with_the_same_key_is_charged_once() -> None:
    retry = {"max_attempts": 3, "backoff": {"jitter": "none"}}
    steps = {
        "a": {
            "agent": "trade", "with": {"quantity": 1, "price": 100}, "retry": retry,
            "idempotency_key": "deal-1",
        }
    }  # fmt: skip
    plan = spec(steps, budget={"meters": {"cash": 150}})
    run = drive(plan, lambda call: {} if call.attempt == 3 else FailureClass.TIMEOUT)
    assert [start.held for start in run.of(StartAttempt)] == [{"meters.cash": 100.0}, {}, {}]
    assert run.state.status == "succeeded"
    assert purse(run).spent["meters.cash"] == 100


@pytest.mark.parametrize(
    ("charge", "message"),
    [
        ("${{ input.x }}", "agents.do.charges.cash: expected a number from 0 on, found \"much\""),
        (-1, "agents.do.charges.cash: expected a number from 0 on, found -1"),
        ("${{ input.y }}", "agents.do.charges.cash: 'input' has no field 'y'"),
    ],
)  # fmt: skip
def test_a_charge_has_to_be_an_amount(charge: Json, message: str) -> None:
    agent = {"kind": "command", "argv": ["true"], "effects": "none", "input": {}, "output": {}}
    plan = spec(
        {"a": {"agent": "do", "with": {"x": "much"}}},
        agents={"do": {**agent, "charges": {"cash": charge}}},
    )
    run = drive(plan)
    assert run.state.failure is not None
    assert (run.state.failure.kind, run.state.failure.message) == (
        "rejected",
        f"step 'a' failed: {message}",
    )


# --- budgets of steps ----------------------------------------------------------------------


def test_a_step_has_a_budget_of_its_own_out_of_that_of_the_run() -> None:
    inside = fan("do", 5, catch={"budget_exceeded": "skip"})
    steps = {
        "few": {"steps": inside, "output": "${{ size(steps.a.output) }}", "budget": {"calls": 3}},
        "more": {"agent": "do", "needs": ["few"]},
    }
    run = drive(spec(steps, budget={"calls": 4}))
    assert run.state.status == "succeeded"
    assert run.state.root is not None
    assert run.state.root.steps["few"].output == 3
    assert (
        run.of(events.SkipStep)[0].reason.text == "the 3 calls of 'few' (budget.calls) are used up"
    )
    assert purse(run).spent["calls"] == 4


def test_what_is_around_a_step_bounds_it_too() -> None:
    run = drive(spec({"a": {"agent": "do", "budget": {"calls": 9}}, "b": {"agent": "do"}}, budget={"calls": 1}))  # fmt: skip
    assert run.state.failure is not None
    assert "the run's 1 call (budget.calls) is used up" in run.state.failure.message


def test_the_budget_of_a_list_is_for_all_its_items() -> None:
    run = drive(spec(fan("do", 5, budget={"calls": 2}, catch={"budget_exceeded": "skip"})))
    assert len(run.of(StartAttempt)) == 2


def test_retries_are_carved_out_too() -> None:
    retry = {"max_attempts": 9, "backoff": {"jitter": "none"}}
    plan = spec({"a": {"agent": "do", "retry": retry, "budget": {"retries": 2}}})
    run = drive(plan, lambda call: FailureClass.NOT_SENT)
    assert len(run.of(events.Retry)) == 2
    (fail,) = run.of(events.FailStep)
    assert fail.reason.figures["no_retry"] == "the 2 retries of 'a' (budget.retries) are used up"


# --- what always holds ---------------------------------------------------------------------


@st.composite
def worlds(draw: Any) -> tuple[Plan, list[Any], int]:
    """Chats and trades side by side, in lists and groups with budgets, under a tight budget."""

    def one(agent: str) -> dict[str, Json]:
        step: dict[str, Json] = {"agent": agent, "catch": {"any": "skip"}}
        if agent == "trade":
            step["with"] = {"quantity": draw(st.integers(0, 3)), "price": draw(st.integers(0, 40))}
        if draw(st.booleans()):
            step["retry"] = {"max_attempts": 3, "backoff": {"jitter": "none"}}
        if draw(st.booleans()):
            step["for_each"] = {"over": [1, 2, 3], "max": 3}
        if draw(st.booleans()):
            step["budget"] = {
                "tokens": draw(st.integers(1, 9000)),
                "calls": draw(st.integers(1, 4)),
            }
        return step

    agents = draw(st.lists(st.sampled_from(["chat", "trade", "do"]), min_size=1, max_size=4))
    steps: dict[str, Json] = {f"s{n}": one(agent) for n, agent in enumerate(agents)}
    if draw(st.booleans()):
        inner = {"inner": one("chat"), "other": one("trade")}
        steps["g"] = {"steps": inner, "budget": {"meters": {"cash": 50}}, "catch": {"any": "skip"}}
    budget = {"tokens": draw(st.integers(1, 20_000)), "meters": {"cash": 100}, "calls": 12}
    failures = [FailureClass.TIMEOUT, FailureClass.NOT_SENT, FailureClass.TRUNCATED]
    does = draw(st.lists(st.sampled_from([{}, {}, *failures]), min_size=1, max_size=6))
    return spec(steps, budget=budget), does, draw(st.integers(1, 4))


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_spending_never_passes_a_budget_and_all_that_is_held_comes_back(
    world: tuple[Plan, list[Any], int],
) -> None:
    plan, does, concurrency = world
    entries: list[events.Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    made = 0

    def answer(call: StartAttempt) -> Answer:
        nonlocal made
        made += 1
        done = does[made % len(does)]
        if isinstance(done, FailureClass):
            return Answer(events.AttemptFailed(0, call.step, call.attempt, done, "x"), 1.0)
        # No provider uses more than it may.
        used = Usage("openai/ours", 50, made % 1000) if call.agent == "chat" else None
        return Answer(AttemptSucceeded(0, call.step, call.attempt, value={}, usage=used), 2.0)

    run_virtual(driver, started(concurrency=concurrency), answer)
    assert driver.state.status in ("succeeded", "failed")
    root = driver.state.root
    assert root is not None
    for what, bound in root.purse.bounds.items():
        assert root.purse.spent.get(what, 0) <= bound
    assert set(root.purse.held.values()) <= {0}
    assert replay(plan, entries).divergence is None


# --- calls that were held up ---------------------------------------------------------------


@given(st.lists(st.lists(st.booleans(), max_size=4), min_size=1, max_size=4))
def test_a_call_that_was_held_up_until_its_process_ended_costs_nothing(
    deaths: list[list[bool]],
) -> None:
    """Each death comes after the call was held up (True) and let through (False) so often."""
    chat = spec({"a": {"agent": "chat"}}, budget={"tokens": 100_000, "calls": 100})
    entries: list[events.Entry] = []
    driver = Driver(chat, State(chat), MemoryLog(), entries.append)
    driver.take([started()])
    made = 0
    for attempt, death in enumerate(deaths, 1):
        for up in death:
            waits = events.AttemptWaits(1, "a", attempt, "waiting for LiteLLM")
            driver.take([waits if up else events.AttemptAdmitted(1, "a", attempt)])
        driver.take([events.AttemptLost(1, "a", attempt)])
        made += not (death and death[-1])
    assert driver.state.root is not None
    held = dict(driver.state.running["a"].held)
    spent = driver.state.root.purse.spent
    assert (spent.get("calls", 0), spent.get("tokens", 0)) == (made, made * held["tokens"])
    assert replay(chat, entries).divergence is None


def test_a_write_that_was_held_up_when_its_process_ended_is_made_after_all() -> None:
    plan = spec({"a": {"agent": "trade", "with": {"quantity": 1, "price": 5}}})
    entries: list[events.Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    driver.take([started()])
    driver.take([events.AttemptWaits(1, "a", 1, "waiting for the MCP SDK")])
    retry, start = driver.take([events.AttemptLost(1, "a", 1)])
    assert isinstance(retry, events.Retry)
    assert isinstance(start, StartAttempt)
    assert retry.reason.text == "the process ended before the call was sent"
    assert driver.state.root is not None
    assert driver.state.root.purse.spent.get("calls", 0) == 0
    driver.take([events.AttemptAdmitted(1, "a", 2)])
    then = driver.take([events.AttemptLost(1, "a", 2)])
    assert not any(isinstance(one, events.Retry | StartAttempt) for one in then)
    assert driver.state.root.purse.spent["calls"] == 1
