"""What of a plan may be at work at the same time."""

from collections.abc import Iterator
from itertools import pairwise

from agentflow.plan.graph import topological_order
from agentflow.plan.steps import Plan, ScopePlan


def is_parallel(plan: Plan) -> bool:
    """May anything in a plan be at work beside anything else?"""
    fans_out = any(
        step.for_each is not None and step.for_each.max > 1 and step.for_each.parallel != 1
        for step in plan.steps.values()
    )
    delegates = any(step.delegate is not None for step in plan.steps.values())
    return fans_out or delegates or any(side_by_side(scope) for scope in scopes(plan))


def side_by_side(scope: ScopePlan) -> tuple[str, str] | None:
    """Two steps of a scope that may run at the same time."""
    graph = {step.id: step.downstream for step in scope.steps}
    order = topological_order(graph)
    for one, other in pairwise(order):
        # Next to each other in the order and without an edge: no way leads from one to the other.
        if other not in graph[one]:
            return one, other
    return None


def scopes(plan: Plan) -> Iterator[ScopePlan]:
    """The pipeline and every group, case and iteration in it."""
    yield plan.root
    for step in plan.steps.values():
        if step.body is not None:
            yield step.body
        yield from step.cases.values()
        if step.default is not None:
            yield step.default
