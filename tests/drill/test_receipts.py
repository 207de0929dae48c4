"""Receipts: what they know a spec by, and what of a text is one."""

import pytest

from agentflow.drill.receipt import NoReceipt, Receipt, compare, read, receipt_of, written
from agentflow.plan.steps import Plan
from agentflow.spec.model import Json
from tests.core.world import plan_of

from .drilling import agent, call, chat, drilled, spec

LADDER: Json = {
    "desk": {"levels": [{"human": {"ask": "What?"}, "within": "1h"}], "on_exhausted": "skip"}
}
STEPS: Json = {
    "group": {
        "steps": {"sort": call(catch={"any": {"escalate": "desk"}})},
        "catch": {"any": "skip"},
    },
    "other": call("second", retry="usual"),
    "model": call("model"),
}
RETRIES: Json = {"usual": {"max_attempts": 2, "on": ["timeout"]}}
MODELS: Json = {
    "small": {"model": "a/small", "fallbacks": ["strong"]},
    "strong": {"model": "a/strong", "fallbacks": ["last"]},
    "last": {"model": "a/last"},
    "idle": {"model": "a/idle"},
}
WHOLE: Json = {
    "escalations": LADDER,
    "retries": RETRIES,
    "models": MODELS,
    "agents": {"model": chat()},
}


def made(**more: Json) -> Plan:
    agents = {**WHOLE["agents"], **more.pop("agents", {})}
    return plan_of(spec(more.pop("steps", STEPS), **{**WHOLE, **more, "agents": agents}))


def receipt() -> Receipt:
    plan = made()
    return receipt_of(plan, drilled(plan))


def changed(plan: Plan) -> list[tuple[str, str]]:
    return [(found.kind, found.step) for found in compare(plan, receipt())]


def test_nothing_has_changed() -> None:
    assert changed(made()) == []
    assert read(written(receipt())) == receipt()


def test_an_escalation_is_part_of_the_steps_that_turn_to_it() -> None:
    desk = {"levels": [{"human": {"ask": "What?"}, "within": "2h"}], "on_exhausted": "skip"}
    both = [("changed", "group"), ("changed", "group/sort")]
    assert changed(made(escalations={"desk": desk})) == both


def test_an_agent_is_part_of_the_steps_that_call_it() -> None:
    assert changed(made(agents={"second": agent(timeout="5s")})) == [("changed", "other")]


@pytest.mark.parametrize("name", ["small", "strong", "last"])
def test_models_that_take_over_are_part_of_the_steps_whose_agents_ask_them(name: str) -> None:
    models = {**MODELS, name: {**MODELS[name], "max_output_tokens": 9}}
    assert changed(made(models=models)) == [("changed", "model")]


def test_what_nobody_calls_is_around_the_steps() -> None:
    assert changed(made(agents={"writer": agent(timeout="5s")})) == [("around", "")]
    assert changed(made(budget={"calls": 7})) == [("around", "")]
    idle = {**MODELS, "idle": {"model": "a/busy"}}
    assert changed(made(models=idle)) == [("around", "")]


def test_steps_that_are_new_or_gone() -> None:
    steps = {"group": STEPS["group"], "third": call(catch={"any": "skip"})}
    gone = [("gone", "other"), ("gone", "model")]
    assert changed(made(steps=steps, retries={})) == [("new", "third"), *gone]


def test_defaults_that_are_written_out_change_nothing() -> None:
    desk = {
        "levels": [{"human": {"ask": "What?", "channel": "inbox"}, "within": "1h"}],
        "on_exhausted": "skip",
    }
    assert changed(made(escalations={"desk": desk}, budget={"calls": 10_000})) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON: Input data was truncated"),
        ("[" * 100_000, "is nested too deep"),
        ("[]", "is no receipt of format 1"),
        ('{"format": 2}', "is no receipt of format 1"),
        ('{"format": 1}', "is no receipt: Object missing required field `digest`"),
        (
            '{"format": 1, "digest": "a", "steps": {"s": {"digest": "b", "claims": {"c": "good"}}}}',
            "is no receipt: Invalid enum value 'good' - at `$.steps[...].claims[...]`",
        ),
    ],
    ids=["empty", "deep", "a list", "newer", "half", "another word"],
)
def test_what_is_no_receipt(text: str, said: str) -> None:
    with pytest.raises(NoReceipt) as refused:
        read(text)
    assert str(refused.value) == said


def test_the_approval_of_a_tool_that_is_said_with_it() -> None:
    """It is part of the agent, and of no escalation that has a name."""
    approve = {"ask": "May it?", "within": "1h"}
    tools = [{"agent": "writer", "approve": approve}]
    model: Json = {
        "kind": "llm", "model": "a/b", "tools": tools, "max_turns": 3,
        "input": {"type": "object"}, "output": {"type": "string"},
    }  # fmt: skip
    agents = {"writer": agent(effects="write", description="Writes."), "model": model}
    plan = plan_of(spec({"answer": call("model")}, agents=agents))
    found = receipt_of(plan, drilled(plan))
    assert list(found.steps) == ["answer/writer"]
    assert list(compare(plan, found)) == []


def test_many_steps_with_ladders() -> None:
    steps = {f"s{n}": call(catch={"any": {"escalate": "desk"}}) for n in range(20)}
    plan = made(steps=steps, retries={})
    found = drilled(plan)
    assert found.count("held") == len(found.outcomes) == 140
    assert len(found.runs) < 70
