"""The retry policies that agents and steps name."""

from collections.abc import Iterator

from agentflow.plan.steps import Path, Plan
from agentflow.spec.document import Document
from agentflow.spec.yaml.nodes import Scalar


def named_policies(document: Document, plan: Plan) -> Iterator[tuple[Path, str]]:
    """Every `retry` that is a name, with its path. The plan itself has only what they stand for."""
    for name, agent in plan.pipeline.agents.items():
        if isinstance(agent.retry, str):
            yield ("agents", name, "retry"), agent.retry
    for step in plan.steps.values():
        path = (*step.path, "retry")
        node = document.node(path)
        if isinstance(node, Scalar):
            yield path, node.text
