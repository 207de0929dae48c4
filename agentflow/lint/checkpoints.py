"""Conditions, checks and people on the way to a step that can keep it from running."""

from collections.abc import Iterator

from agentflow.lint.rule import Context
from agentflow.lint.verdicts import can_be_false, looks_at_data, steps_read
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.approvals import yes
from agentflow.plan.calls import calls_of, steps_within
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.syntax import Comprehension, Expr
from agentflow.spec.model import FailureClass
from agentflow.spec.templates import Constant, Whole

#: How a question fails that nobody says yes to.
_NO_ANSWER = (FailureClass.REJECTED, FailureClass.TIMEOUT)


def gate_before(context: Context, step: StepPlan) -> StepPlan | None:
    """A step whose condition, check or question `step` has to pass, if there is one.

    That is the step itself or one around it, by a `when` that can be false, by being a case of a
    switch, or by going over a filtered list; or one that it waits for, by an `assert`, a confidence
    gate or a person whose answer is nothing but a yes. A person who may as well say no stops
    nothing by itself: whoever waits for the answer has to look at it. Neither does a check whose
    failure a `catch` passes over.
    """
    return next(gates_before(context, step), None)


def gates_before(context: Context, step: StepPlan) -> Iterator[StepPlan]:
    """All of them, from the inside out."""
    assert context.plan is not None
    return _gates(context, context.plan, step)


def questions_before(plan: Plan, step: StepPlan) -> Iterator[StepPlan]:
    """The questions to people that a step waits for, whatever they answer."""
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is not None:
            yield from (one for one in _upstream(plan, around) if one.kind == "human")


def has_choice(answer: Contract) -> bool:
    """Can an answer be a yes or a no, or one of several?"""
    schema = past_references(answer)
    if values_of(answer) is not None:
        return len(values_of(answer) or ()) > 1
    fields = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return any(len(values_of(Contract(field, answer.root)) or ()) > 1 for field in fields.values())


def _gates(context: Context, plan: Plan, step: StepPlan) -> Iterator[StepPlan]:
    seen = frozenset[str]()
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is None:
            continue
        if (
            _turns_down(context, plan, around, seen)
            or _filters(around)
            or (around is not step and _chooses(context, plan, around, seen))
        ):
            yield around
        for before in _upstream(plan, around):
            if _checks(context, plan, before) and not _passed_over(plan, before, step):
                yield before


def _turns_down(context: Context, plan: Plan, step: StepPlan, seen: frozenset[str]) -> bool:
    """Does it have a `when` that can keep it from happening?"""
    if step.when is None:
        return False
    place = address.parent(step.address) or ""
    if not can_be_false(context, step.when, place):
        return False
    return _decides(context, plan, step.when, place, seen)


def _chooses(context: Context, plan: Plan, step: StepPlan, seen: frozenset[str]) -> bool:
    """Is it a switch whose value is not always the same?"""
    if step.switch is None or isinstance(step.switch, Constant):
        return False
    if not isinstance(step.switch, Whole):
        return True
    return _decides(context, plan, step.switch.expr, step.address, seen)


def _decides(context: Context, plan: Plan, expr: Expr, place: str, seen: frozenset[str]) -> bool:
    """Does an expression depend on data, or on whether a step ran that something can stop?"""
    if looks_at_data(expr):
        return True
    read = {step.address: step for step in steps_read(plan, expr, place)}
    return any(
        _checks(context, plan, step) or _turns_down(context, plan, step, seen | {at})
        for at, step in read.items()
        if at not in seen
    )


def _filters(step: StepPlan) -> bool:
    """Does it go over a list that a condition has filtered?"""
    if step.for_each is None or not isinstance(step.for_each.over, Whole):
        return False
    expr = step.for_each.over.expr
    while isinstance(expr, Comprehension):
        if expr.macro == "filter":
            return True
        expr = expr.source
    return False


def _upstream(plan: Plan, step: StepPlan) -> Iterator[StepPlan]:
    """The steps of its scope that a step waits for, directly or not, and all steps inside them."""
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
        yield from steps_within(plan.steps[at])


def _checks(context: Context, plan: Plan, step: StepPlan) -> bool:
    """Can it fail because of what is answered, or because a person does not agree?"""
    gated = any(call.confidence is not None for call in calls_of(step))
    asserts = any(can_be_false(context, each.that, step.address) for each in step.asserts)
    return gated or asserts or _consents(plan, step)


def _consents(plan: Plan, step: StepPlan) -> bool:
    """Is it a question whose every answer is a yes, or a value that the run goes on with?"""
    if step.question is None:
        return False
    schema = step.question.answer.schema
    if has_choice(Contract(schema, schema)):
        return False
    return yes(step.question.answer) is not None or any(
        use.target == step.address and use.reference.path[1:2] == ("output",) for use in plan.uses
    )


def _passed_over(plan: Plan, check: StepPlan, step: StepPlan) -> bool:
    """Does a `catch` on the way to `step` let the run go on when a check has failed?"""
    around = set(enclosing(step.address))
    for at in enclosing(check.address):
        if at in around:
            return False
        passed = plan.steps.get(at)
        if passed is not None and any(_catches(passed, each) for each in _failures(check)):
            return True
    return False


def _failures(check: StepPlan) -> Iterator[FailureClass]:
    """The failures by which a check stops a run."""
    if check.question is not None:
        yield from _NO_ANSWER
        return
    if check.asserts:
        yield FailureClass.INVALID_OUTPUT
    if any(call.confidence is not None for call in calls_of(check)):
        yield FailureClass.LOW_CONFIDENCE


def _catches(step: StepPlan, failure: FailureClass) -> bool:
    """Does the run go on after this failure, whatever the reason?"""
    action = step.catch.get(failure) or step.catch.get("any")
    return action is not None and action.last.action in ("skip", "use")
