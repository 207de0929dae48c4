"""What a run, and each pipeline inside it, may still use up.

The budget of an inner pipeline is carved out of that of its caller: whatever it uses up is charged
to its own purse and to every purse around that, so it has the least of its own bound and of what
the caller has left. The purse that is empty first says no, and the reason names it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agentflow.plan.steps import BudgetPlan

#: What is counted, by the key of `budget` that bounds it.
Counted = Literal["calls", "retries"]


@dataclass(slots=True, eq=False)
class Purse:
    """What was used up under one budget. `until` is when its time is over, in seconds since 1970.

    `owner` is the address of the step that runs the pipeline, empty for the run itself.
    """

    bounds: BudgetPlan
    owner: str
    until: float
    outer: "Purse | None" = None
    calls: int = 0
    retries: int = 0

    def outwards(self) -> Iterator["Purse"]:
        """This purse and those around it."""
        purse: Purse | None = self
        while purse is not None:
            yield purse
            purse = purse.outer


def charge(purse: Purse, what: Counted) -> None:
    """Count one more, here and in every purse around."""
    for each in purse.outwards():
        setattr(each, what, getattr(each, what) + 1)


def empty(purse: Purse, what: Counted) -> Purse | None:
    """The innermost purse that has nothing left of it, if there is one."""
    return next(
        (each for each in purse.outwards() if getattr(each, what) >= getattr(each.bounds, what)),
        None,
    )


def used_up(purse: Purse, what: Counted) -> str:
    """The message about an empty purse."""
    amount = f"{getattr(purse.bounds, what)} {what}"
    whose = f"the {amount} of '{purse.owner}'" if purse.owner else f"the run's {amount}"
    return f"{whose} (budget.{what}) are used up"


def took_too_long(purse: Purse) -> str:
    """The message when the time of a purse is over."""
    whose = f"'{purse.owner}'" if purse.owner else "the run"
    return f"{whose} took longer than {purse.bounds.wall:g} s (budget.wall)"
