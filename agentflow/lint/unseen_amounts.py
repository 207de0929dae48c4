"""Amounts of what people approve, which are shown to none of them."""

import re
from collections.abc import Iterator

from msgspec import Struct

from agentflow.contracts.descent import Descent
from agentflow.contracts.shape import types_of
from agentflow.lint.answers import is_final
from agentflow.lint.order import Order
from agentflow.lint.origins import Origin, deciding, origins, shown_by
from agentflow.lint.rule import Context
from agentflow.plan.calls import calls_of
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import CallPlan, StepPlan

_NUMBERS = frozenset({"integer", "number"})
#: Fields that say how much: other numbers may well be names.
_AMOUNT = re.compile(
    r"(?:^|_)(?:amount|cents|charge|cost|discount|dollars|eur|euros|fee|gbp|payout|percent|price|quantity|salary|sum"
    r"|total|units|usd)(?:_|$)"
)


class Unseen(Struct, frozen=True):
    """A step, a question on which it depends, and the number it is given that no question shows."""

    step: StepPlan
    asked: StepPlan
    field: str


def unseen_amounts(context: Context) -> Iterator[Unseen]:
    """The numbers that approved effects are given which cannot be undone, and that people are not shown.

    Nothing is said where nothing at all is shown, or where it can be told from what is shown: it is
    worked out from that, or that from it.
    """
    assert context.plan is not None
    order = Order(context.plan)
    for step in context.plan.steps.values():
        if step.call is None or step.dispatch is not None or not is_final(step):
            continue
        asked = deciding(context, step)
        shown = [part for each in asked for part in shown_by(context, each)]
        for field in entries(step.call.arguments) if shown else ():
            if not _AMOUNT.search(field) or not _is_number(step.call, field):
                continue
            given = origins(context, (*step.path, "with", field))
            made = [one for part in given if (one := context.plan.steps.get(part.step)) is not None]
            # What people say themselves, and what is made after they are asked, is not there to be shown.
            new = any(
                one.question or order.comes_after(one, each) for one in made for each in asked
            )
            if given and not new and not any(_is_seen(context, part, shown) for part in given):
                yield Unseen(step, asked[0], field)


def _is_number(call: CallPlan, field: str) -> bool:
    root = dict(call.input.schema)
    return types_of(Descent().into(root, root, field), root) <= _NUMBERS


def _is_seen(context: Context, part: Origin, shown: list[Origin]) -> bool:
    """Is a part shown, or what it is made of, or what is made of it?"""
    assert context.plan is not None
    known = list(shown)
    for each in {one.step for one in shown}:
        made = context.plan.steps.get(each)
        known += origins(context, (*made.path, "with")) if made is not None else ()
    source = context.plan.steps.get(part.step)
    told = [part]
    if source is not None and not any(call.chat for call in calls_of(source)):
        told += origins(context, (*source.path, "with"))
    return any(one.overlaps(each) for one in told for each in known)
