"""Which steps use which escalation, and what its levels name."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.plan.steps import EscalationPlan, LevelPlan, Plan, StepPlan
from agentflow.plan.tools import offers
from agentflow.spec.document import Document, Path
from agentflow.spec.yaml.nodes import Mapping, Scalar


class Turn(Struct, frozen=True):
    """A step that turns to an escalation about a class of failures; `path` leads to the entry."""

    step: StepPlan
    key: str
    plan: EscalationPlan
    path: Path


def turns(plan: Plan) -> Iterator[Turn]:
    """Every step of a plan that turns to an escalation that exists."""
    for step in plan.steps.values():
        for key, action in step.catch.items():
            if action.escalation is not None:
                yield Turn(step, key, action.escalation, (*step.path, "catch", key, "escalate"))


def turned_to(step: StepPlan) -> Iterator[EscalationPlan]:
    """The escalations of a step or a call of a tool: its approval, and those for its failures."""
    if step.approval is not None:
        yield step.approval
    yield from (each.escalation for each in step.catch.values() if each.escalation is not None)


def named_escalations(document: Document, plan: Plan) -> Iterator[tuple[Path, str]]:
    """Every escalation that a step or a tool names, with the path of the name."""
    for path, tool in offers(plan):
        if isinstance(tool.approve, str):
            yield (*path, "approve"), tool.approve
    for step in plan.steps.values():
        catch = document.node((*step.path, "catch"))
        if not isinstance(catch, Mapping):
            continue
        for key in catch.entries:
            path = (*step.path, "catch", key, "escalate")
            node = document.node(path)
            if isinstance(node, Scalar):
                yield path, node.text


def levels(plan: Plan) -> Iterator[LevelPlan]:
    """The levels of all escalations, used or not."""
    for escalation in plan.escalations.values():
        yield from escalation.levels
