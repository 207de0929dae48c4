"""The channels of a pipeline: which there are, and what goes over them."""

from collections.abc import Iterator

from agentflow.plan.calls import plans_within
from agentflow.plan.steps import Plan
from agentflow.plan.tools import offers
from agentflow.spec.document import Path
from agentflow.spec.model import BUILT_IN_CHANNELS, Approval, Channel, Pipeline


def channel_of(pipeline: Pipeline, name: str) -> Channel | None:
    """The channel of this name; None if there is none."""
    return BUILT_IN_CHANNELS.get(name) or pipeline.channels.get(name)


def named_channels(plan: Plan) -> Iterator[tuple[Path, str]]:
    """Every channel that a question or a notice of a pipeline names, with its path."""
    for step in plan.steps.values():
        if step.question is not None:
            yield (*step.path, "human", "channel"), step.question.channel
    for path, tool in offers(plan):
        if isinstance(tool.approve, Approval):
            yield (*path, "approve", "channel"), tool.approve.channel
    for escalation in plan.escalations.values():
        for level in escalation.levels:
            if level.kind in ("human", "notify"):
                yield (*level.path, level.kind, "channel"), level.target


def wants_another(plan: Plan) -> bool:
    """Is there a question, nested ones included, that whoever starts the run may not answer?"""
    plans = list(plans_within(plan))
    questions = (step.question for each in plans for step in each.steps.values())
    levels = (level for each in plans for one in each.escalations.values() for level in one.levels)
    return any(asking is not None and asking.four_eyes for asking in (*questions, *levels))
