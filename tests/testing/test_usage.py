"""What calls are said to use up, and budgets that hold it."""

from typing import Any

from agentflow.plan.steps import Plan
from tests.core.world import plan_of

from .rehearsing import of, told


def spending(test: Any, **budget: Any) -> Plan:
    """Two chats, one after the other; each charges a stamp."""
    return plan_of(
        {
            "agentflow": 1,
            "name": "chats",
            "models": {
                "m": {
                    "model": "openai/x",
                    "max_output_tokens": 100,
                    "price": {"input": 1, "output": 2},
                }
            },
            "budget": budget,
            "agents": {
                "chat": {
                    "kind": "llm",
                    "model": "m",
                    "instructions": "Hello.",
                    "timeout": "30s",
                    "charges": {"stamps": 1},
                    "input": {"type": "object"},
                    "output": {"type": "object"},
                }
            },
            "steps": {
                "one": {"agent": "chat"},
                "two": {"agent": "chat", "needs": ["one"]},
            },
            "outputs": {"one": "${{ steps.one.output }}", "two": "${{ steps.two.output }}"},
            "tests": {"t": test},
        }
    )


def test_usage_is_charged_to_budgets() -> None:
    usage = {"tokens_in": 1000, "tokens_out": 500}
    test = {
        "answers": {
            "one": {"value": {}, "usage": usage},
            "two": {"text": "{}", "usage": {**usage, "usd": 0.5}},
        },
        "expect": {
            "that": [
                "spent.tokens == 3000",
                "spent.usd == 0.502",
                "spent['meters.stamps'] == 2",
            ]
        },
    }
    plan = spending(test, tokens=100_000, usd=10, meters={"stamps": 2})
    assert told(of(plan, "t")) == []


def test_a_budget_that_is_used_up_is_no_call() -> None:
    test = {
        "answers": {"one": {"fail": "truncated", "usage": {"tokens_in": 9000, "tokens_out": 900}}},
        "expect": {"failure": {"class": "truncated"}},
    }
    assert told(of(spending(test, tokens=100_000), "t")) == []
    test = {
        "answers": {"one": {"value": {}, "usage": {"tokens_in": 9000, "tokens_out": 900}}},
        "expect": {"failure": {"class": "budget_exceeded"}, "calls": {"two": 0}},
    }
    assert told(of(spending(test, tokens=10_000), "t")) == []
