"""Calls that are made before somebody is asked whether they may be made."""

import re
from collections.abc import Iterator

from msgspec import Struct

from agentflow.lint.answers import acts
from agentflow.lint.order import Order
from agentflow.lint.origins import within
from agentflow.lint.rule import Context
from agentflow.lint.stand_ins import Effect, answered, comes_to, effects_by_answer, may_happen
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.approvals import no, yes
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.yaml.nodes import Scalar

#: How it is asked whether something is to be done that has been done before.
_AGAIN = re.compile(r"\b(?:again|another|more|re-?try|repeat|still)\b", re.IGNORECASE)
#: What expressions read that is the same all over a pipeline.
_EVERYWHERE = frozenset({"inputs", "run", "steps"})


class Beforehand(Struct, frozen=True):
    """A step that makes the call which another makes only for a yes, and has made it when that is asked."""

    step: StepPlan
    asked: StepPlan
    approved: StepPlan


def made_beforehand(context: Context) -> Iterator[Beforehand]:
    """The calls that are certainly made, whatever is answered to the question whether to make them."""
    plan = context.plan
    assert plan is not None
    order = Order(plan)
    for at, effects in effects_by_answer(plan).items():
        asked = plan.steps[at]
        if asked.question is None or _asks_again(context, asked):
            continue
        for effect in effects:
            if not _waits_for_yes(effect, asked):
                continue
            for step in plan.steps.values():
                if (
                    step is not effect.step
                    and acts(step)
                    and _is_same_call(context, step, effect.step)
                    and order.comes_after(asked, step)
                    and _has_happened(plan, step, asked)
                ):
                    yield Beforehand(step, asked, effect.step)


def _asks_again(context: Context, asked: StepPlan) -> bool:
    node = context.document.node((*asked.path, "human", "ask"))
    return isinstance(node, Scalar) and _AGAIN.search(node.text) is not None


def _waits_for_yes(effect: Effect, asked: StepPlan) -> bool:
    """Does an effect happen for a yes, and not for a no?"""
    contract = asked.question.answer if asked.question is not None else None
    both = (yes(contract), no(contract)) if contract is not None else (None, None)
    happens = [may_happen(effect, asked, answered(each), whole=False) for each in both]
    return None not in both and happens == [True, False]


def _is_same_call(context: Context, one: StepPlan, other: StepPlan) -> bool:
    """Do two steps hand the same to the same agent, whatever there is in a run?"""
    first, second = one.call, other.call
    if first is None or second is None or one.dispatch is not None or other.dispatch is not None:
        return False
    if first.agent != second.agent or repr(first.arguments) != repr(second.arguments):
        return False
    both = [list(within(context, (*each.path, "with"))) for each in (one, other)]
    if [use.target for use in both[0]] != [use.target for use in both[1]]:
        return False
    elsewhere = {use.reference.root for use in both[0]} - _EVERYWHERE
    same_scope = address.parent(one.address) == address.parent(other.address)
    return one.for_each is other.for_each is None and (same_scope or not elsewhere)


def _has_happened(plan: Plan, step: StepPlan, asked: StepPlan) -> bool:
    """Has a step succeeded wherever a question is asked?"""
    around = set(enclosing(asked.address))
    for at in enclosing(step.address):
        if at in around:
            return True
        passed = plan.steps.get(at)
        if passed is None:
            continue
        if passed.catch or passed.switch is not None or passed.for_each is not None:
            return False
        if passed.when is not None and not _asked_only_after(passed, asked):
            return False
    return True


def _asked_only_after(passed: StepPlan, asked: StepPlan) -> bool:
    """Is a question beside a step not asked where that is skipped?"""
    if asked.when is None or address.parent(passed.address) != address.parent(asked.address):
        return False
    return comes_to(asked.when, passed, {"status": "skipped"}) is False
