"""How much of each quantity a part of a pipeline can come to at most, and sums of that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Bound:
    """At most this much; if that is infinite, `field` of the spec leaves it open."""

    amount: float
    field: str | None = None


NONE = Bound(0)


class Most(NamedTuple):
    """The most of each quantity. `work` is seconds of calls in flight, one after the other."""

    calls: Bound = NONE
    retries: Bound = NONE
    escalations: Bound = NONE
    tokens_in: Bound = NONE
    tokens_out: Bound = NONE
    usd: Bound = NONE
    work: Bound = NONE


NOTHING = Most()


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
