"""The time limits around a step, each of which ends at one moment."""

from collections import Counter
from collections.abc import Iterator
from operator import attrgetter

from msgspec import Struct

from agentflow.plan.address import parent
from agentflow.plan.calls import callers, calls_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted


class Time(Struct, frozen=True):
    """How many seconds something has, whose time that is, and where it is written.

    `key` is its name in the spec: `timeout` or `budget.wall`.
    """

    seconds: float
    whose: str
    key: str
    path: Path


def own_times(step: StepPlan) -> Iterator[Time]:
    """The times of a step: for everything it leads to, and for the steps inside it."""
    if step.wall is not None:
        yield Time(step.wall, quoted(step.id), "budget.wall", (*step.path, "budget", "wall"))
    if step.timeout is not None:
        yield Time(step.timeout, quoted(step.id), "timeout", (*step.path, "timeout"))


def enclosing_times(plan: Plan, step: StepPlan) -> Iterator[Time]:
    """The times of the steps around a step."""
    at = parent(step.address)
    while at:
        around = plan.steps.get(at)  # a case of a switch is no step
        if around is not None:
            yield from own_times(around)
        at = parent(at)


def time_of_run(plan: Plan) -> Time:
    """The time of the whole pipeline, by default as well."""
    return Time(plan.budget.wall, "the run", "budget.wall", ("budget", "wall"))


def callers_of_agents(plan: Plan) -> Counter[str]:
    """How many steps and tools call each agent."""
    return Counter(call.agent for caller in callers(plan) for call in calls_of(caller))


def shortest(times: Iterator[Time]) -> Time | None:
    """The time that runs out first if all begin together; None if there are none."""
    return min(times, key=attrgetter("seconds"), default=None)
