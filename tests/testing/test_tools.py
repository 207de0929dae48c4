"""Tests of models that call tools: turns, their calls, and what people say to them."""

from typing import Any

from agentflow.lint.linter import examine
from agentflow.lint.rule import Context
from agentflow.plan.steps import Plan
from agentflow.spec.document import parse_document
from tests.core.world import plan_of

from .rehearsing import of, told

ORDER = {"type": "object", "required": ["order"], "properties": {"order": {"type": "integer"}}}


def desk(test: Any) -> Plan:
    """A clerk looks orders up, and refunds them if a person says so."""
    agents = {
        name: {
            "kind": "command", "argv": ["true"], "effects": effects, "input": ORDER, "output": {},
        }
        for name, effects in (("look", "read"), ("refund", "irreversible"))
    }  # fmt: skip
    clerk = {
        "kind": "llm",
        "model": "a/b",
        "input": ORDER,
        "output": {"type": "string"},
        "tools": [
            {"agent": "look"},
            {"agent": "refund", "approve": {"ask": "Refund?", "within": "1h"}, "max_calls": 1},
        ],
    }
    return plan_of(
        {
            "agentflow": 1,
            "name": "desk",
            "agents": {**agents, "clerk": clerk},
            "steps": {"serve": {"agent": "clerk", "with": {"order": 7}}},
            "outputs": {"said": "${{ steps.serve.output }}"},
            "tests": {"t": test},
        }
    )


TEST = {
    "answers": {
        "serve": [
            {"calls": [{"tool": "look", "input": {"order": "${{ input.order }}"}}]},
            {"calls": [{"tool": "refund", "input": {"order": 7}}, {"tool": "look", "text": "{"}]},
            {"value": "done"},
        ],
        "serve/look[@*]": {"value": {"price": 3}},
        "serve/refund[@2.1]": {"value": {"refunded": True}},
    },
    "people": {"serve/refund[@*]": {"says": "approve", "after": "10m"}},
    "expect": {
        "outputs": {"said": "done"},
        "path": ["serve", "serve/look[@1.1]", "serve", "serve/refund[@2.1]",
                 "serve/refund[@2.1]", "serve"],
        "given": {"serve/look[@1.1]": {"order": 7}, "serve/refund[@2.1]": {"order": 7}},
        "steps": {"serve/refund[@2.1]": "succeeded"},
    },
}  # fmt: skip


def test_turns_calls_and_approvals_are_scripted() -> None:
    assert told(of(desk(TEST), "t")) == []


def test_a_no_is_scripted_too() -> None:
    people = {"serve/refund[@*]": {"says": "abort"}}
    answers = {k: v for k, v in TEST["answers"].items() if "refund" not in k}  # type: ignore[attr-defined]
    expect = {"outputs": {"said": "done"}, "steps": {"serve/refund[@2.1]": "failed"}}
    assert told(of(desk({"answers": answers, "people": people, "expect": expect}), "t")) == []


def test_the_addresses_of_calls_are_known_to_the_linter() -> None:
    plan = desk(TEST)
    document = parse_document("{}", "test.yaml")
    found = examine(Context(document, plan.pipeline, plan, ())).findings
    assert [f.message for f in found if f.rule == "unknown-test-step"] == []
