"""Where a spec names agents and models, besides where it defines them."""

from collections.abc import Iterator

from agentflow.lint.escalations import levels
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.tools import offers
from agentflow.spec.document import Document, Path
from agentflow.spec.model import AgentTool, ModelLevel, Pipeline
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


def named_models(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Each place where a model is asked for, by an alias or as LiteLLM names it."""
    for name, agent in pipeline.agents.items():
        # Only some kinds have this key; this layer does not know which ones.
        model = getattr(agent, "model", None)
        if model is not None:
            yield ("agents", name, "model"), model
    for name, alias in pipeline.models.items():
        for index, fallback in enumerate(alias.fallbacks):
            yield ("models", name, "fallbacks", index), fallback
    for name, escalation in pipeline.escalations.items():
        for index, level in enumerate(escalation.levels):
            if isinstance(level, ModelLevel):
                yield ("escalations", name, "levels", index, "model"), level.model


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
