"""The retry policies that agents and steps name, and the steps that are retried by them."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.plan.calls import callers, calls_of
from agentflow.plan.factors import Factors, factors_of
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.plan.tools import offers
from agentflow.spec.document import Document, Path
from agentflow.spec.model import DescribedTool, RetryPolicy
from agentflow.spec.yaml.nodes import Scalar


class Retried(Struct, frozen=True):
    """A step with a policy.

    `path` leads to the `retry` that counts, on the step or on its agent, and `effects_path` to the
    `effects` that would count.
    """

    plan: StepPlan
    call: CallPlan
    policy: RetryPolicy
    path: Path
    effects_path: Path

    @property
    def factors(self) -> Factors:
        """What one call is multiplied by at most."""
        return factors_of(self.call)


def retried(document: Document, plan: Plan) -> Iterator[Retried]:
    """The steps of a plan that may be attempted again, in file order."""
    return (each for each in with_policies(document, plan) if each.policy.max_attempts > 1)


def with_policies(document: Document, plan: Plan) -> Iterator[Retried]:
    """The steps of a plan with a policy, even if it allows a single attempt only."""
    calls = ((step, call) for step in callers(plan) for call in calls_of(step))
    for step, call in calls:
        if call.retry is None:
            continue

        def said(key: str, step: StepPlan = step, agent: str = call.agent) -> Path:
            own = (*step.path, key)
            return own if document.node(own) is not None else ("agents", agent, key)

        yield Retried(step, call, call.retry, said("retry"), said("effects"))


def named_policies(document: Document, plan: Plan) -> Iterator[tuple[Path, str]]:
    """Every `retry` that is a name, with its path; the plan has only the policies themselves."""
    for name, agent in plan.pipeline.agents.items():
        if isinstance(agent.retry, str):
            yield ("agents", name, "retry"), agent.retry
    for at, tool in offers(plan):
        if isinstance(tool, DescribedTool) and isinstance(tool.retry, str):
            yield (*at, "retry"), tool.retry
    for step in plan.steps.values():
        path = (*step.path, "retry")
        node = document.node(path)
        if isinstance(node, Scalar):
            yield path, node.text
