"""What a part of a pipeline costs at most, and how costs are put together.

The `Cost` of a part says what it comes to as a `whole`, and with fewer decisions: `once` without
retries, `calm` without escalations, `plain` with neither. Together with what the dearest `retry`
and `escalation` add, and the dearest `single` call, that is enough to say what is left of it within
a budget. For each quantity, with `C` calls, `R` retries and `E` escalations,

    whole ≤ C · single      whole ≤ once + R · retry      whole ≤ calm + E · escalation
    whole ≤ plain + R · retry + E · escalation

since that much is there without them, and each adds no more than the dearest does. Costs are
combined one after the other (`after`), one instead of the other (`either`) and several times over
(`repeated`), and a budget cuts them off (`plan.budgets`).
"""

from collections.abc import Callable, Iterable
from operator import is_
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan.amounts import (
    NOTHING,
    Most,
    Way,
    greatest,
    in_line,
    longest,
    often,
    scaled,
    smallest,
    total,
)


class Load(NamedTuple):
    """The most of each quantity, and the longest way."""

    most: Most = NOTHING
    way: Way = Way()


NO_LOAD = Load()


class Cost(Struct, frozen=True):
    """What a part comes to at most: see the head of this module.

    `small` is, for each quantity, the least of the maxima of calls that take any of it. `held` is
    what is held back for all calls, one after the other, which may be more than they can spend. No
    token costs more US dollars than `rate`.
    """

    whole: Load = NO_LOAD
    once: Load = NO_LOAD
    calm: Load = NO_LOAD
    plain: Load = NO_LOAD
    single: Most = NOTHING
    small: Most = NOTHING
    held: Most = NOTHING
    retry: Load = NO_LOAD
    escalation: Load = NO_LOAD
    rate: float = 0.0

    @property
    def most(self) -> Most:
        """The most of each quantity."""
        return self.whole.most

    @property
    def way(self) -> Way:
        """The longest way."""
        return self.whole.way


FREE = Cost()


def certain(load: Load, single: Most = NOTHING, rate: float = 0.0) -> Cost:
    """The part that depends on no retry and no escalation."""
    return Cost(load, load, load, load, single, single, load.most, rate=rate)


def if_retried(cost: Cost, brings: Load) -> Cost:
    """The part that happens only if calls are retried, and what one retry adds."""
    return replace(cost, once=NO_LOAD, plain=NO_LOAD, retry=brings)


def if_escalated(cost: Cost) -> Cost:
    """The part that happens only if a step turns to an escalation."""
    return replace(cost, calm=NO_LOAD, plain=NO_LOAD, escalation=cost.whole)


def charged_once(cost: Cost) -> Cost:
    """The cost of calls of which only one is charged to the meters."""
    once = cost.single.meters
    return each_load(cost, lambda load: load._replace(most=load.most._replace(meters=once)))


def after(costs: Iterable[Cost]) -> Cost:
    """All of them, one after the other."""
    return _joined(list(costs), lambda loads: Load(total(_mosts(loads)), in_line(_ways(loads))))


def together(costs: Iterable[Cost], way: Callable[[Callable[[Cost], Load]], Way]) -> Cost:
    """Costs in sum; `way` gives the longest path for each of the four loads of a cost."""
    costs = list(costs)
    joined = after(costs)
    return replace(
        joined,
        whole=Load(joined.whole.most, way(lambda cost: cost.whole)),
        once=Load(joined.once.most, way(lambda cost: cost.once)),
        calm=Load(joined.calm.most, way(lambda cost: cost.calm)),
        plain=Load(joined.plain.most, way(lambda cost: cost.plain)),
    )


def either(costs: Iterable[Cost]) -> Cost:
    """Whichever of them it is."""
    return _joined(list(costs), _either)


def _either(loads: list[Load]) -> Load:
    return Load(greatest(_mosts(loads)), longest(_ways(loads))) if loads else NO_LOAD


def _mosts(loads: list[Load]) -> Iterable[Most]:
    return (load.most for load in loads)


def _ways(loads: list[Load]) -> Iterable[Way]:
    return (load.way for load in loads)


def _joined(costs: list[Cost], of: Callable[[list[Load]], Load]) -> Cost:
    costs = [cost for cost in costs if cost is not FREE]
    if len(costs) < 2:
        return costs[0] if costs else FREE
    wholes = [cost.whole for cost in costs]
    whole = of(wholes)

    def joined(loads: list[Load]) -> Load:
        # Without retries and escalations all four are the same.
        return whole if all(map(is_, loads, wholes)) else of(loads)

    return Cost(
        whole=whole,
        once=joined([cost.once for cost in costs]),
        calm=joined([cost.calm for cost in costs]),
        plain=joined([cost.plain for cost in costs]),
        single=greatest(cost.single for cost in costs),
        small=smallest(cost.small for cost in costs),
        held=of([Load(cost.held) for cost in costs]).most,
        retry=_either([cost.retry for cost in costs if cost.retry is not NO_LOAD]),
        escalation=_either([cost.escalation for cost in costs if cost.escalation is not NO_LOAD]),
        rate=max(cost.rate for cost in costs),
    )


def repeated(cost: Cost, count: int, in_turn: int | None = None) -> Cost:
    """So often, `in_turn` of them one after the other: all if that is not said."""
    if not count:
        return FREE
    lanes = count if in_turn is None else in_turn
    if count == lanes == 1:
        return cost
    cost = replace(cost, held=scaled(cost.held, count))
    return each_load(cost, lambda load: Load(scaled(load.most, count), often(load.way, lanes)))


def each_load(cost: Cost, of: Callable[[Load], Load]) -> Cost:
    """The same for each of the four loads."""
    whole = of(cost.whole)

    def each(load: Load) -> Load:
        return whole if load is cost.whole else of(load)

    return replace(
        cost, whole=whole, once=each(cost.once), calm=each(cost.calm), plain=each(cost.plain)
    )
