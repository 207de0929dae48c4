"""What a run, a step or a pipeline inside another may still use up.

Whatever is used up is charged to the purse at hand and to every purse around it, so an inner budget
is carved out of the outer one and never stands beside it. What a call may cost at most is held back
before it starts, and what it did cost is charged when it has ended: calls that run at the same time
cannot spend the same money. The purse that has too little left says no, and the reason names it.

Quantities go by the keys under `budget`: `calls`, `retries`, `tokens`, `usd`, `meters.NAME`.
"""

from collections.abc import Iterator, Mapping
from math import inf
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct, field

from agentflow.spec.durations import time_in_words

#: How much of which quantity.
Amounts: TypeAlias = Mapping[str, float]
NOTHING: Amounts = MappingProxyType({})
#: Sums of money and of the author's own quantities are kept to this many places.
_PLACES = 9

#: What one of a quantity is called.
_ONE = {"calls": "call", "retries": "retry", "escalations": "escalation", "tokens": "token"}


class Purse(Struct, eq=False):
    """What was used up under one budget.

    If it has a time of its own, that is `time` seconds and over at `until`, in seconds since 1970,
    and `limit` is the key that says so. `bounds` has no entry for what is not bounded here. `owner`
    is the address of the step whose budget it is, empty for the run itself. `spent` is gone, `held`
    may be given back. Of what is gone, `untold` was charged for calls that did not tell what they
    used.
    """

    bounds: Amounts
    owner: str
    outer: "Purse | None" = None
    time: float = inf
    until: float = inf
    limit: str = "budget.wall"
    spent: dict[str, float] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    untold: dict[str, float] = field(default_factory=dict)

    def outwards(self) -> Iterator["Purse"]:
        """This purse and those around it."""
        purse: Purse | None = self
        while purse is not None:
            yield purse
            purse = purse.outer


class Lack(Struct, frozen=True):
    """A purse has too little left of a quantity. `wanted` is what was asked for.

    `for_good` says that nothing will be given back that could make up for it.
    """

    purse: Purse
    what: str
    wanted: float
    for_good: bool


def bounded(purse: Purse, what: str) -> bool:
    """Does any budget bound this quantity?"""
    around: Purse | None = purse
    while around is not None:  # it is asked for every call
        if what in around.bounds:
            return True
        around = around.outer
    return False


def lack(purse: Purse, amounts: Amounts) -> Lack | None:
    """The innermost purse that cannot give these amounts now; None if all can."""
    for each in purse.outwards():
        for what, wanted in amounts.items():
            bound = each.bounds.get(what)
            if bound is None:
                continue
            gone = each.spent.get(what, 0) + wanted
            if _above(gone + each.held.get(what, 0), bound):
                return Lack(each, what, wanted, for_good=_above(gone, bound))
    return None


def hold(purse: Purse, amounts: Amounts) -> None:
    """Keep amounts back, here and in every purse around."""
    for each in purse.outwards():
        _add(each.held, amounts, 1)


def settle(purse: Purse, held: Amounts, spent: Amounts, untold: Amounts = NOTHING) -> None:
    """Release what was held and charge what was spent; `untold` is the part nobody reported."""
    for each in purse.outwards():
        _add(each.held, held, -1)
        _add(each.spent, spent, 1)
        _add(each.untold, untold, 1)


def charge(purse: Purse, amounts: Amounts) -> None:
    """Charge what was not held before."""
    settle(purse, NOTHING, amounts)


def figures(purse: Purse, what: str) -> dict[str, float]:
    """The numbers behind a decision about a quantity."""
    return {
        "budget": purse.bounds[what],
        "spent": purse.spent.get(what, 0),
        "held": purse.held.get(what, 0),
    }


def told(found: Lack) -> str:
    """The message about a purse that has too little left."""
    purse, what = found.purse, found.what
    one = purse.bounds[what] == 1
    unit = _ONE.get(what, what) if one else what
    bound = f"{purse.bounds[what]:,g} {unit.removeprefix('meters.')}"
    whose = f"the {bound} of '{purse.owner}'" if purse.owner else f"the run's {bound}"
    if found.wanted == float("inf"):
        return f"{whose} (budget.{what}) cannot be kept: its model has no 'max_output_tokens'"
    left = purse.bounds[what] - purse.spent.get(what, 0)
    untold = purse.untold.get(what, 0)
    part = f"; {untold:,g} were charged for calls that told no usage" if untold else ""
    if what in ("calls", "retries") or left <= 0:
        return f"{whose} (budget.{what}) {'is' if one else 'are'} used up{part}"
    wanted = f"{found.wanted:,g}"
    return f"{left:,g} are left of {whose} (budget.{what}), and this call may use {wanted}{part}"


def took_too_long(purse: Purse) -> str:
    """The message when the time of a purse is over."""
    return f"{owner_of(purse)} took longer than {time_in_words(purse.time)} ({purse.limit})"


def owner_of(purse: Purse) -> str:
    """Whose it is, for a message."""
    return f"'{purse.owner}'" if purse.owner else "the run"


def _add(to: dict[str, float], amounts: Amounts, sign: int) -> None:
    for what, amount in amounts.items():
        total = to.get(what, 0) + sign * amount
        to[what] = total if isinstance(total, int) else round(total, _PLACES)


def _above(amount: float, bound: float) -> bool:
    return round(amount - bound, _PLACES) > 0
