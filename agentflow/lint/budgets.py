"""The bounds that the budgets of a pipeline and of its steps set."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentflow.plan.steps import Plan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted


class Bound(Struct, frozen=True):
    """A quantity that some budget bounds, and where: `tokens`, `meters.cash`."""

    what: str
    path: Path


def bounds(plan: Plan) -> Iterator[Bound]:
    """The bounds of the run, defaults included, and of all its steps."""
    yield from (Bound(what, path_of(("budget",), what)) for what in plan.budget.bounds)
    for step in plan.steps.values():
        for what in step.budget or ():
            yield Bound(what, path_of((*step.path, "budget"), what))


def summed(bounds: Mapping[str, float]) -> list[str]:
    """The quantities of a budget that each call uses by a known amount: `calls`, `meters.NAME`."""
    return [what for what in bounds if what == "calls" or what.startswith("meters.")]


def path_of(budget: Path, what: str) -> Path:
    """Where a quantity stands in a budget."""
    return (*budget, *what.split(".", 1))


def amount_of(what: str, amount: float) -> str:
    """An amount of a quantity, in words: `1,300 tokens`, `2 of meter 'postage'`."""
    if what == "usd":
        return f"{amount:,.4g} dollars"
    kind, _, meter = what.partition(".")
    return f"{figure(amount)} of meter {quoted(meter)}" if meter else f"{figure(amount)} {kind}"


def figure(amount: float) -> str:
    """A number as messages about budgets show it: `1,300`, `0.25`."""
    return f"{amount:,.12g}"
