"""How much of each quantity a part of a pipeline can come to at most, and sums of that.

The `Cost` of a part is made of three things: the `most` of each quantity, the most of each that a
`single` call in it comes to, and the longest `way` through it. Costs are put together one after the
other (`after`), one instead of the other (`either`) and so many times (`repeated`), and a budget cuts
them off (`within`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

_MILLION = 1_000_000


class Bound(Struct, frozen=True):
    """At most this much; if that is infinite, `field` of the spec leaves it open."""

    amount: float
    field: str | None = None


NONE = Bound(0)


def dollars(price: tuple[float, float], tokens_in: float, tokens_out: float) -> float:
    """US dollars for so many tokens, at a price for a million of them in and out."""
    return (price[0] * tokens_in + price[1] * tokens_out) / _MILLION


class Most(NamedTuple):
    """The most of each quantity.

    `work` is seconds of calls in flight, one after the other, and `pauses` those of all waits between
    attempts.
    """

    calls: Bound = NONE
    retries: Bound = NONE
    escalations: Bound = NONE
    tokens_in: Bound = NONE
    tokens_out: Bound = NONE
    usd: Bound = NONE
    work: Bound = NONE
    pauses: Bound = NONE


NOTHING = Most()


class Way(NamedTuple):
    """The seconds of the longest way through a part, if nothing on it waits for a slot.

    It is the longest by the time that all on it takes, by that of the `waits` on it, without calls, and
    by that of the people and times that are `asked` for, also without the waits between attempts. These
    may be three ways.
    """

    time: float = 0.0
    waits: float = 0.0
    asked: float = 0.0


NO_WAY = Way()


class Cost(Struct, frozen=True):
    """What a part comes to at most, and what each of its calls does."""

    most: Most = NOTHING
    single: Most = NOTHING
    way: Way = NO_WAY


FREE = Cost()


def plus(one: Bound, other: Bound) -> Bound:
    """Both; it is open if either is."""
    return Bound(one.amount + other.amount, one.field or other.field)


def _dearer(one: Bound, other: Bound) -> Bound:
    return one if one.amount >= other.amount else other


def times(bound: Bound, count: float) -> Bound:
    """So often; never is nothing, however much it is."""
    return Bound(bound.amount * count, bound.field) if count else NONE


def total(mosts: Iterable[Most]) -> Most:
    """All of them."""
    found = NOTHING
    for most in mosts:
        found = Most(*map(plus, found, most))
    return found


def greatest(mosts: Iterable[Most]) -> Most:
    """The most of whichever of them it is."""
    found = NOTHING
    for most in mosts:
        found = Most(*map(_dearer, found, most))
    return found


def scaled(most: Most, count: int) -> Most:
    """All of it so often."""
    return Most(*(times(bound, count) for bound in most))


def after(costs: Iterable[Cost]) -> Cost:
    """All of them, one after the other."""
    costs = tuple(costs)
    return replace(together(costs), way=_ways(sum, costs))


def together(costs: Iterable[Cost]) -> Cost:
    """All of them, with no way through them."""
    costs = tuple(costs)
    return Cost(total(cost.most for cost in costs), greatest(cost.single for cost in costs))


def either(costs: Iterable[Cost]) -> Cost:
    """Whichever of them it is."""
    costs = tuple(costs)
    return Cost(
        greatest(cost.most for cost in costs),
        greatest(cost.single for cost in costs),
        _ways(max, costs),
    )


def _ways(of: Callable[[Iterable[float]], float], costs: Sequence[Cost]) -> Way:
    ways = (NO_WAY, *(cost.way for cost in costs))
    return Way(*(of(measure) for measure in zip(*ways, strict=True)))


def repeated(cost: Cost, count: int, in_turn: int | None = None) -> Cost:
    """So often, `in_turn` of them one after the other: all if that is not said."""
    lanes = count if in_turn is None else in_turn
    return Cost(
        scaled(cost.most, count),
        cost.single if count else NOTHING,
        Way(*(seconds * lanes for seconds in cost.way)),
    )


def within(cost: Cost, budget: Mapping[str, float], wall: float = inf) -> Cost:
    """What is left if a budget cuts off the rest.

    So many calls come to so many times the dearest of them, by each quantity. A retry follows a call
    that has failed, so there are no more of these than of calls: the last may be one that is decided on
    and that the budget refuses. Tokens are those in and out together, so neither is more.
    """
    most, single = cost.most, cost.single
    most = _cut(most, {name: budget.get(name, inf) for name in ("calls", "retries", "escalations")})
    if most.calls.amount < cost.most.calls.amount:
        names = ("tokens_in", "tokens_out", "usd", "work")
        by_calls = {name: times(getattr(single, name), most.calls.amount) for name in names}
        caps = {name: bound.amount for name, bound in by_calls.items()}
        most = _cut(most, {**caps, "retries": most.calls.amount})
    if most.retries.amount < cost.most.retries.amount:
        most = _cut(most, {"pauses": times(single.pauses, most.retries.amount).amount})
    tokens = budget.get("tokens", inf)
    money = {"tokens_in": tokens, "tokens_out": tokens, "usd": budget.get("usd", inf)}
    most, single = _cut(most, money), _cut(single, money)
    waits = cost.way.asked + most.pauses.amount
    return Cost(most, single, shortest(cost.way, Way(waits + most.work.amount, waits, inf), wall))


def shortest(way: Way, other: Way, wall: float = inf) -> Way:
    """A way that is no longer than another, nor than the time that there is for it."""
    return Way(*(min(one, two, wall) for one, two in zip(way, other, strict=True)))


def _cut(most: Most, caps: Mapping[str, float]) -> Most:
    """No more of each than the cap on it."""
    return most._replace(
        **{name: Bound(cap) for name, cap in caps.items() if getattr(most, name).amount > cap}
    )
