"""A pipeline, one test of it, and what came of that."""

import json
from collections.abc import Mapping

from agentflow.engines.rehearsal import rehearse
from agentflow.plan.steps import Plan
from agentflow.spec.model import Json
from agentflow.testing.verdict import Verdict
from tests.core.world import plan_of

NUMBER = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def spec(test: Mapping[str, Json], **more: Json) -> dict[str, Json]:
    """Letters are weighed one by one, then posted; `t` is the test."""
    return {
        "agentflow": 1,
        "name": "post",
        "inputs": {
            "type": "object",
            "properties": {"letters": {"type": "array", "items": {"type": "string"}}},
            "required": ["letters"],
        },
        "agents": {
            "scales": _agent("none"),
            "postman": _agent("write"),
        },
        "steps": {
            "weigh": {
                "for_each": {"over": "${{ inputs.letters }}", "max": 9},
                "agent": "scales",
                "with": {"text": "${{ item }}"},
                "retry": {
                    "max_attempts": 3,
                    "on": ["server_error", "rate_limited"],
                    "backoff": {"initial": "10s", "jitter": "none"},
                },
                "catch": {"invalid_output": "skip"},
            },
            "post": {
                "agent": "postman",
                "with": {"text": "${{ json(steps.weigh.output) }}"},
            },
        },
        "outputs": {
            "weights": "${{ steps.weigh.output }}",
            "posted": "${{ steps.post.output.n }}",
        },
        "tests": {"t": {"inputs": {"letters": ["a", "b"]}, **test}, **more},
    }


def verdict(test: Mapping[str, Json], **more: Json) -> Verdict:
    """What came of test `t`."""
    plan = plan_of(spec(test, **more))
    return of(plan, "t")


def of(plan: Plan, name: str) -> Verdict:
    """What came of a test of a plan."""
    return rehearse(plan, plan.scripts[name], "post.yaml", {"post.yaml": json.dumps({})})


def told(verdict: Verdict) -> list[str]:
    """Its differences, one a line."""
    return [f"{d.where}: {d.expected} | {d.found}" for d in verdict.differences]


def _agent(effects: str) -> Json:
    return {
        "kind": "command",
        "argv": ["true"],
        "effects": effects,
        "timeout": "30s",
        "input": {"type": "object", "required": ["text"], "properties": {"text": {}}},
        "output": NUMBER,
    }
