"""What is left of a cost within a budget, and which of its keys hold it."""

from collections.abc import Mapping
from functools import partial
from math import floor, inf, isinf

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan.amounts import (
    METERS,
    Bound,
    Most,
    Way,
    amount_of,
    at_most,
    capped,
    in_line,
    often,
    scaled,
    shorter,
    times,
    total,
)
from agentflow.plan.costs import Cost, Load, each_load


class Kept(Struct, frozen=True):
    """What something comes to if its own budget did not stop it, and what is left within that.

    `held` are the keys of the budget that stop it, each with its bound: `calls`, `meters.NAME`,
    `wall` in seconds.
    """

    needed: Most
    seconds: float
    most: Most
    held: Mapping[str, float]


def kept(
    cost: Cost, left: Cost, seconds: float, budget: Mapping[str, float], wall: float = inf
) -> Kept:
    """What a budget makes of a cost that takes so long."""
    held = {what: bound for what, bound in budget.items() if amount_of(cost.most, what) > bound}
    if seconds > wall:
        held["wall"] = wall
    return Kept(cost.most, seconds, left.most, held)


def within(cost: Cost, budget: Mapping[str, float], wall: float = inf) -> Cost:
    """What is left if a budget cuts off the rest.

    A retry follows a call that has failed, so there are no more of these than of calls: the last
    may be one that is decided on and that the budget refuses.
    """
    cost = _with_fewer(cost, budget.get("retries", inf), budget.get("escalations", inf))
    calls = budget.get("calls", inf)
    refused = cost.most.calls.amount > calls
    if refused:
        cost = _with_fewer_calls(cost, calls)
    stalls = _stalls(cost, budget, refused=refused)
    paid = partial(_paid, budget, cost.rate)
    cost = replace(
        each_load(cost, lambda load: load._replace(most=paid(load.most))),
        single=paid(cost.single),
        retry=cost.retry._replace(most=paid(cost.retry.most)),
        escalation=cost.escalation._replace(most=paid(cost.escalation.most)),
    )
    return each_load(cost, lambda load: load._replace(way=_timed(load, stalls, wall)))


def _with_fewer(cost: Cost, retries: float, escalations: float) -> Cost:
    """With no more retries and escalations than that."""
    found = cost
    if cost.most.retries.amount > retries:
        found = replace(
            found,
            whole=_less(found.whole, found.once, cost.retry, retries),
            calm=_less(found.calm, found.plain, cost.retry, retries),
        )
    if cost.most.escalations.amount > escalations:
        # What is left with fewer retries is bounded as the whole is, with them besides.
        fewer = found.calm
        found = replace(
            found,
            whole=_less(found.whole, fewer, cost.escalation, escalations),
            once=_less(found.once, found.plain, cost.escalation, escalations),
        )
    return found


def _less(load: Load, without: Load, brings: Load, count: float) -> Load:
    """A load with no more than so many decisions, each of which brings something."""
    most = total((without.most, scaled(brings.most, count)))
    way = in_line((without.way, often(brings.way, count)))
    return Load(capped(load.most, most), shorter(load.way, way))


def _with_fewer_calls(cost: Cost, calls: float) -> Cost:
    """With no more calls than that, each as dear as the dearest, by each quantity."""
    cap = scaled(cost.single, calls)._replace(
        calls=Bound(calls),
        retries=Bound(calls),
        escalations=Bound(inf),
        pauses=times(cost.retry.most.pauses, calls),
    )
    fewer = each_load(cost, lambda load: load._replace(most=capped(load.most, cap)))
    return replace(fewer, held=capped(cost.held, cap))


def _paid(budget: Mapping[str, float], rate: float, most: Most) -> Most:
    """No more tokens, money and meters than there are. Tokens are those in and out together."""
    tokens = budget.get("tokens", inf)
    usd = min(budget.get("usd", inf), tokens * rate if rate else inf)
    return most._replace(
        tokens_in=at_most(most.tokens_in, tokens),
        tokens_out=at_most(most.tokens_out, tokens),
        usd=at_most(most.usd, usd),
        meters={
            name: at_most(bound, budget.get(METERS + name, inf))
            for name, bound in most.meters.items()
        },
    )


def _timed(load: Load, stalls: float, wall: float) -> Way:
    """The way through a load: no longer than all that is in it takes, one after the other.

    What calls on it wait for each other is over with the `wall`, too.
    """
    waits = load.way.asked + load.most.pauses.amount
    way = load.way._replace(stalls=load.way.stalls + stalls)
    all_of_it = Way(waits + load.most.work.amount, waits, inf, load.most.work.amount)
    way = Way(*(min(one, two, wall) for one, two in zip(way, all_of_it, strict=True)))
    return way._replace(stalls=min(way.stalls, wall - way.time)) if wall < inf else way


def _stalls(cost: Cost, budget: Mapping[str, float], *, refused: bool) -> float:
    """The seconds in which calls may wait for what those in flight give back to a budget.

    A call waits only if those that were started and it might use up more than there is. What is
    held back for all calls together is bounded, so for those that begin afterwards it is no more
    than this bound is above the budget, and what is held back for one call; that is so many calls
    of the smallest. They may be made one by one, after those that were in flight. A budget of
    `calls` gives nothing back: what is `refused` by it has waited only for the calls in flight.
    """
    one, late = cost.single.work.amount, float(refused)
    for what, there in budget.items():
        held = amount_of(cost.held, what)
        if what in ("calls", "retries", "escalations") or held <= there:
            continue
        smallest = amount_of(cost.small, what)
        above = (held - there + amount_of(cost.single, what)) / smallest
        late = inf if isinf(held) else max(late, 1 + floor(above))
    return min(late * one, cost.most.work.amount) if late else 0.0
