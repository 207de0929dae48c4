"""What stands before a step: conditions, checks and people that can keep it from happening."""

from collections.abc import Iterator

from agentflow.plan import address
from agentflow.plan.calls import calls_of
from agentflow.plan.looks import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.syntax import Comprehension
from agentflow.spec.templates import Whole


def gate_before(plan: Plan, step: StepPlan) -> StepPlan | None:
    """A step whose condition, check or question `step` has to pass, if there is one.

    That is the step itself or one around it, by `when`, by being a case of a switch, or by going
    over a filtered list; or one that it waits for, by an `assert`, a confidence gate or a person.
    """
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is None:
            continue
        if around.when is not None or _filters(around):
            return around
        if around is not step and around.kind == "switch":
            return around
        for before in _upstream(plan, around):
            if _checks(before):
                return before
    return None


def _filters(step: StepPlan) -> bool:
    """Does it go over the items that some condition has left?"""
    if step.for_each is None or not isinstance(step.for_each.over, Whole):
        return False
    expr = step.for_each.over.expr
    while isinstance(expr, Comprehension):
        if expr.macro == "filter":
            return True
        expr = expr.source
    return False


def _upstream(plan: Plan, step: StepPlan) -> Iterator[StepPlan]:
    """The steps of its scope that a step waits for, also through others, with all inside them."""
    scope = address.parent(step.address) or ""
    seen: set[str] = set()
    pending = list(step.upstream)
    while pending:
        name = pending.pop()
        at = address.child(scope, name)
        if name in seen or at not in plan.steps:
            continue
        seen.add(name)
        pending.extend(plan.steps[at].upstream)
        yield plan.steps[at]
        yield from (inner for key, inner in plan.steps.items() if at in enclosing(key))


def _checks(step: StepPlan) -> bool:
    """Can its answer be refused for what it says?"""
    gated = any(call.confidence is not None for call in calls_of(step))
    return bool(step.asserts) or gated or step.kind == "human"
