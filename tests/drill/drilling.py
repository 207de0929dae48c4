"""A spec, and what came of its drill."""

from collections.abc import Mapping

from agentflow.drill.report import Drill
from agentflow.drill.search import drill
from agentflow.engines.drilling import drilling
from agentflow.plan.steps import Plan
from agentflow.spec.model import Json
from tests.core.world import plan_of

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
KIND: Json = {"enum": ["question", "praise"]}


def agent(**more: Json) -> dict[str, Json]:
    """A program without effects that says of which kind a text is."""
    common = {"kind": "command", "argv": ["true"], "effects": "none", "timeout": "20s"}
    return {**common, "input": TEXT, "output": KIND, **more}


def chat(**more: Json) -> dict[str, Json]:
    """A model that says the same."""
    common = {"kind": "llm", "model": "small", "timeout": "20s", "input": TEXT, "output": KIND}
    return {**common, **more}


def spec(steps: Mapping[str, Json], **more: Json) -> dict[str, Json]:
    """A pipeline with agents `first`, `second` and `writer`, of whom the last changes the world."""
    return {
        "agentflow": 1,
        "name": "letters",
        "agents": {
            "first": agent(),
            "second": agent(),
            "writer": agent(effects="write"),
            **more.pop("agents", {}),
        },
        "steps": steps,
        **more,
    }


def call(name: str = "first", **more: Json) -> dict[str, Json]:
    """A step that calls an agent."""
    return {"agent": name, "with": {"text": "Hello"}, **more}


def drilled(plan: Plan, runs: int = 300) -> Drill:
    """What came of the drill of a plan."""
    return drill(plan, drilling(plan).perform, runs)


def ends(
    steps: Mapping[str, Json],
    *,
    files: Mapping[str, Mapping[str, Json]] | None = None,
    **more: Json,
) -> dict[str, str]:
    """What became of each claim of a pipeline with these steps."""
    found = drilled(plan_of(spec(steps, **more), files))
    return {outcome.claim.name: outcome.status for outcome in found.outcomes}


def said(steps: Mapping[str, Json], **more: Json) -> list[str]:
    """What is said of the claims that do not hold."""
    found = drilled(plan_of(spec(steps, **more)))
    return [
        f"{each.claim.name} {each.status}: {each.how}"
        for each in found.outcomes
        if each.status != "held"
    ]
