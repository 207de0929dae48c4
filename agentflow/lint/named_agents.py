"""The names by which steps, levels of escalations and tools name agents, each with its path."""

from collections.abc import Iterator

from agentflow.lint.escalations import levels
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.tools import offers
from agentflow.spec.document import Document, Path
from agentflow.spec.model import AgentTool
from agentflow.spec.yaml.nodes import Mapping, Scalar, Sequence


def named_agents(document: Document, plan: Plan) -> Iterator[tuple[str, Path]]:
    """Every name of an agent that a plan has, known or not."""
    for step in plan.steps.values():
        yield from _of_step(document, step)
    for level in levels(plan):
        if level.kind == "agent":
            yield level.target, (*level.path, "agent")
    for path, tool in offers(plan):
        if isinstance(tool, AgentTool):
            yield tool.agent, (*path, "agent")


def _of_step(document: Document, step: StepPlan) -> Iterator[tuple[str, Path]]:
    """The agents that a step names, and where."""
    if step.agent is not None:
        yield step.agent, (*step.path, "agent")
    for place in ((*step.path, "catch"), (*step.path, "delegate", "catch")):
        catch = document.node(place)
        for key in catch.entries if isinstance(catch, Mapping) else ():
            named = document.node((*place, key, "agent"))
            if isinstance(named, Scalar):
                yield named.text, (*place, key, "agent")
    among = document.node((*step.path, "among")) if step.dispatch is not None else None
    for index, item in enumerate(among.items if isinstance(among, Sequence) else ()):
        if isinstance(item, Scalar):
            yield item.text, (*step.path, "among", index)
    for worker in step.delegate.workers.values() if step.delegate is not None else ():
        yield str(worker.agent), worker.path
