"""The times that run out around a step, each at one moment."""

from collections.abc import Iterator
from operator import attrgetter

from msgspec import Struct

from agentflow.plan.address import parent
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted


class Time(Struct, frozen=True):
    """How many seconds something has, whose time that is, and where it is said.

    `key` is what the author calls it: `timeout` or `budget.wall`.
    """

    seconds: float
    whose: str
    key: str
    path: Path


def own_times(step: StepPlan) -> Iterator[Time]:
    """What a step has for all that it comes to, and for what is inside of it."""
    if step.wall is not None:
        yield Time(step.wall, quoted(step.id), "budget.wall", (*step.path, "budget", "wall"))
    if step.timeout is not None:
        yield Time(step.timeout, quoted(step.id), "timeout", (*step.path, "timeout"))


def enclosing_times(plan: Plan, step: StepPlan) -> Iterator[Time]:
    """Those of the steps that a step is inside of."""
    at = parent(step.address)
    while at:
        around = plan.steps.get(at)  # a case of a switch is no step
        if around is not None:
            yield from own_times(around)
        at = parent(at)


def time_of_run(plan: Plan) -> Time:
    """That of the whole pipeline, whether somebody has written it or not."""
    return Time(plan.budget.wall, "the run", "budget.wall", ("budget", "wall"))


def shortest(times: Iterator[Time]) -> Time | None:
    """The time that is over first if all begin together; None if there is none."""
    return min(times, key=attrgetter("seconds"), default=None)
