"""Which parts of a plan may be at work at the same time."""

from collections.abc import Iterator
from itertools import pairwise

from agentflow.plan.graph import topological_order
from agentflow.plan.steps import Plan, ScopePlan, StepPlan


def is_parallel(plan: Plan) -> bool:
    """May any two things in a plan be at work at the same time?"""
    spread = any(fans_out(step) or step.delegate is not None for step in plan.steps.values())
    return spread or any(side_by_side(scope) for scope in scopes(plan))


def fans_out(step: StepPlan) -> bool:
    """May several items of a step be at work at the same time?"""
    each = step.for_each
    return each is not None and each.max > 1 and each.parallel != 1


def side_by_side(scope: ScopePlan) -> tuple[str, str] | None:
    """Two steps of a scope that may run at the same time."""
    graph = {step.id: step.downstream for step in scope.steps}
    order = topological_order(graph)
    for one, other in pairwise(order):
        # Neighbours in the order without an edge: no path leads from one to the other.
        if other not in graph[one]:
            return one, other
    return None


def scopes(plan: Plan) -> Iterator[ScopePlan]:
    """The pipeline and every group, case and iteration in it."""
    yield plan.root
    for step in plan.steps.values():
        yield from step.scopes
