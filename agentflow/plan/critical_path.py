"""The longest path through steps that wait for each other, and its time with a number of slots."""

from collections.abc import Iterable, Mapping, Sequence

from agentflow.plan.amounts import Way, in_line, longest
from agentflow.plan.costs import Load
from agentflow.plan.graph import topological_order
from agentflow.plan.steps import StepPlan


def in_order(steps: Sequence[StepPlan]) -> list[StepPlan]:
    """The steps of a scope, each behind those that it waits for."""
    by_id = {step.id: step for step in steps}
    order = topological_order({step.id: step.downstream for step in steps})
    return [by_id[name] for name in order]


def through(ordered: Iterable[StepPlan], ways: Mapping[str, Way]) -> Way:
    """The longest way through steps `in_order`, by those through each."""
    ends: dict[str, Way] = {}
    for step in ordered:
        before = longest(ends[name] for name in step.upstream if name in ends)
        ends[step.id] = in_line((before, ways[step.id]))
    return longest(ends.values())


def seconds_of(load: Load, slots: int | None) -> float:
    """The time that it takes with so many slots, or with one for each call.

    As long as not every slot is busy, the longest way goes on, or waits for what others may give
    back to a budget; while all are, it may wait for what others do (Graham, "Bounds on
    multiprocessing timing anomalies", 1969). Whenever it waits, something is in flight. Its own
    calls are among all the work, and take time of their own only once.
    """
    way = load.way
    others = load.most.work.amount - (way.time - way.waits)
    waits = way.stalls + (others / slots if slots is not None else 0.0)
    return way.time + min(waits, others)
