"""The bounds that the budgets of a pipeline and of its steps set."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.plan.steps import Path, Plan


class Bound(Struct, frozen=True):
    """A quantity that some budget bounds, and where: `tokens`, `meters.cash`."""

    what: str
    path: Path


def bounds(plan: Plan) -> Iterator[Bound]:
    """Those of the run, defaults included, and of all its steps."""
    yield from (Bound(what, _path(("budget",), what)) for what in plan.budget.bounds)
    for step in plan.steps.values():
        for what in step.budget or ():
            yield Bound(what, _path((*step.path, "budget"), what))


def _path(budget: Path, what: str) -> Path:
    return (*budget, *what.split(".", 1))
