"""Tests whose chat models answer from a recording, and ceilings for what they use up."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from agentflow.agents.recording import Recording, read_recording, render
from agentflow.engines.recording import recorded
from agentflow.engines.rehearsal import perform, rehearse
from agentflow.plan.steps import Plan
from agentflow.testing.verdict import Verdict
from tests.core.world import plan_of

from .rehearsing import told

USAGE = {"tokens_in": 1000, "tokens_out": 500}
#: What `recording` names is looked at; the answers are given by the tests below.
HEAD = json.loads(render(()))
FIRST = {
    "answers": {
        "weigh[0]": [{"fail": "rate_limited"}, {"text": "{", "usage": USAGE}, {"text": "1", "usage": USAGE}],
        "weigh[1]": {"text": "2", "usage": USAGE},
        "post": {"value": 0},
    },
}  # fmt: skip


def letters(tests: Mapping[str, Any], prompt: str = "Weigh.", price: Any = None) -> Plan:
    """Letters are weighed by a chat model, which may be asked again, and posted by a program."""
    model = {"model": "openai/x", "price": price} if price else {"model": "openai/x"}
    return plan_of(
        {
            "agentflow": 1,
            "name": "letters",
            "models": {"m": model},
            "agents": {
                "scales": {
                    "kind": "llm",
                    "model": "m",
                    "instructions": prompt,
                    "repair": 1,
                    "retry": {"max_attempts": 2},
                    "input": {"type": "object", "required": ["t"], "properties": {"t": {}}},
                    "output": {"type": "integer"},
                },
                "postman": {
                    "kind": "command",
                    "argv": ["true"],
                    "input": {"type": "object"},
                    "output": {"type": "integer"},
                },
            },
            "steps": {
                "weigh": {
                    "for_each": {"over": ["a", "b"], "max": 2},
                    "agent": "scales",
                    "with": {"t": "${{ item }}"},
                },
                "post": {"agent": "postman", "needs": ["weigh"]},
            },
            "outputs": {"weights": "${{ steps.weigh.output }}"},
            "tests": tests,
        },
        {"calls.jsonl": HEAD},
    )


def recording(of: Plan) -> Recording:
    """What the first test of a plan comes to, as a file and back."""
    entries = perform(of, of.scripts["first"], "t.yaml", {}).entries
    return read_recording(render(recorded(of, entries)), "calls.jsonl")


def verdict(test: Mapping[str, Any], **changes: Any) -> Verdict:
    plan = letters({"first": FIRST, "t": {"recording": "calls.jsonl", **test}}, **changes)
    return rehearse(plan, plan.scripts["t"], "t.yaml", {}, recording(letters({"first": FIRST})))


POST = {"answers": {"post": {"value": 0}}}


def test_failures_answers_and_repairs_come_from_the_recording() -> None:
    expect = {"outputs": {"weights": [1, 2]}, "calls": {"weigh[0]": 3, "weigh[1]": 1}}
    assert told(verdict({**POST, "expect": expect})) == []


def test_other_agents_have_answers_of_the_test() -> None:
    (missing,) = told(verdict({}))
    assert missing == (
        "answers.post: an answer to attempt 1 of 'postman', given {} | no answer is scripted for it"
    )


def test_an_answer_of_the_test_comes_before_the_recording() -> None:
    answers = {"post": {"value": 0}, "weigh[1]": {"value": 9}}
    expect = {"outputs": {"weights": [1, 9]}}
    assert told(verdict({"answers": answers, "expect": expect})) == []


def test_a_prompt_that_changed_is_told() -> None:
    (missing,) = told(verdict(POST, prompt="Weigh it."))
    where, _, found = missing.partition(" | ")
    assert where == "answers.weigh[0]: a recorded answer to attempt 1 of 'scales'"
    assert found.startswith(
        "'calls.jsonl' has no answer to attempt 1 of 'weigh[0]': the request differs:"
        ' messages[0].content: recorded "Weigh.\\n\\nWhatever'
    )


def test_a_test_that_is_like_another_has_its_recording() -> None:
    plan = letters({"first": FIRST, "a": {"recording": "calls.jsonl"}, "b": {"like": "a"}})
    assert plan.scripts["b"].recording == "calls.jsonl"


PRICE = {"input": 1, "output": 2}


@pytest.mark.parametrize(
    ("expect", "price", "differences"),
    [
        ({"tokens": {"max": 4500}, "usd": {"max": 0.006}}, PRICE, []),
        ({"tokens": {"max": 4499}}, None, ["tokens: at most 4,499 | 4,500"]),
        ({"usd": {"max": 0.0059}}, PRICE, ["usd: at most 0.0059 | 0.006"]),
        ({"usd": {"max": 1}}, None, ["usd: at most 1 | not known: neither price nor cost of 'weigh[1]', 'weigh[0]'"]),
    ],
    ids=["below", "tokens", "usd", "unknown"],
)  # fmt: skip
def test_ceilings(expect: Any, price: Any, differences: list[str]) -> None:
    assert told(verdict({**POST, "expect": expect}, price=price)) == differences


def test_a_ceiling_wants_figures() -> None:
    answers = {**POST["answers"], "weigh[*]": {"value": 1}}
    assert told(verdict({"answers": answers, "expect": {"tokens": {"max": 9}}})) == [
        "tokens: at most 9 | not known: there is no 'usage' of 'weigh[0]', 'weigh[1]'"
    ]
