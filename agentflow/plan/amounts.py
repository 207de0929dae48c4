"""Amounts, each with the field that leaves it open, if any; the seconds of paths; sums of both."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct

_MILLION = 1_000_000
#: The prefix of meters among the quantities of a budget.
METERS = "meters."


class Bound(Struct, frozen=True):
    """At most this much; if that is infinite, `field` of the spec leaves it open."""

    amount: float
    field: str | None = None


NONE = Bound(0)


def dollars(price: tuple[float, float], tokens_in: float, tokens_out: float) -> float:
    """US dollars for tokens, at prices per million tokens in and out."""
    return (price[0] * tokens_in + price[1] * tokens_out) / _MILLION


class Most(NamedTuple):
    """The most of each quantity.

    `work` is the seconds of all calls one after the other, `pauses` those of all waits between
    attempts. `meters` are the author's own quantities, by name.
    """

    calls: Bound = NONE
    retries: Bound = NONE
    escalations: Bound = NONE
    tokens_in: Bound = NONE
    tokens_out: Bound = NONE
    usd: Bound = NONE
    work: Bound = NONE
    pauses: Bound = NONE
    meters: Mapping[str, Bound] = {}

    @property
    def tokens(self) -> Bound:
        """Tokens in and out together, as a budget counts them."""
        return plus(self.tokens_in, self.tokens_out)


NOTHING = Most()


class Way(NamedTuple):
    """The seconds of the longest path through a part, if nothing on it waits for a slot.

    Four measures, each by the path that is longest in it: all time on the path; its `waits`, that
    is, without calls; the time `asked` of people and timers, without waits between attempts as
    well; and the `stalls` in which a call waits for what others may give back to a budget.
    """

    time: float = 0.0
    waits: float = 0.0
    asked: float = 0.0
    stalls: float = 0.0


def plus(one: Bound, other: Bound) -> Bound:
    """Both; it is open if either is."""
    return Bound(one.amount + other.amount, one.field or other.field)


def times(bound: Bound, count: float) -> Bound:
    """A multiple; zero times anything is nothing, even if that is infinite."""
    return Bound(bound.amount * count, bound.field) if count else NONE


def _dearer(one: Bound, other: Bound) -> Bound:
    return one if one.amount >= other.amount else other


def _tighter(one: Bound, other: Bound) -> Bound:
    return one if one.amount <= other.amount else other


def _smaller(one: Bound, other: Bound) -> Bound:
    if not (one.amount and other.amount):
        return _dearer(one, other)
    return _tighter(one, other)


def _merged(of: Callable[[Bound, Bound], Bound], one: Most, other: Most) -> Most:
    meters: dict[str, Bound] = {}
    for name in {**one.meters, **other.meters}:
        meters[name] = of(one.meters.get(name, NONE), other.meters.get(name, NONE))
    return Most._make([*map(of, one[:-1], other[:-1]), meters])


def _folded(of: Callable[[Bound, Bound], Bound], mosts: Iterable[Most]) -> Most:
    found = NOTHING
    for most in mosts:
        if most is not NOTHING:
            found = _merged(of, found, most)
    return found


def total(mosts: Iterable[Most]) -> Most:
    """All of them."""
    return _folded(plus, mosts)


def greatest(mosts: Iterable[Most]) -> Most:
    """The largest amount of each quantity."""
    return _folded(_dearer, mosts)


def smallest(mosts: Iterable[Most]) -> Most:
    """The least amount of each quantity, among those that have any of it."""
    return _folded(_smaller, mosts)


def capped(most: Most, cap: Most) -> Most:
    """Each quantity, limited to what the cap has of it."""
    return _merged(_tighter, most, cap)


def at_most(bound: Bound, amount: float) -> Bound:
    """A bound, limited to a number."""
    return _tighter(bound, Bound(amount))


def scaled(most: Most, count: float) -> Most:
    """Each quantity, multiplied."""
    meters = {name: times(bound, count) for name, bound in most.meters.items()}
    return Most._make([*(times(bound, count) for bound in most[:-1]), meters])


def in_line(ways: Iterable[Way]) -> Way:
    """Paths one after the other."""
    return Way(*map(sum, zip(Way(), *ways, strict=True)))


def longest(ways: Iterable[Way]) -> Way:
    """The longest of several paths, by each measure."""
    return Way(*map(max, zip(Way(), Way(), *ways, strict=True)))


def often(way: Way, count: float) -> Way:
    """A path several times over."""
    return Way(*(seconds * count if count else 0.0 for seconds in way))


def shorter(one: Way, other: Way) -> Way:
    """The shorter of two bounds on a path, by each measure."""
    return Way(*map(min, one, other))


def amount_of(most: Most, what: str) -> float:
    """The amount of a quantity, by its key under `budget`: `calls`, `tokens`, `meters.NAME`."""
    if what.startswith(METERS):
        return most.meters.get(what.removeprefix(METERS), NONE).amount
    bound: Bound = getattr(most, what)
    return bound.amount
