"""Constants passed to effects, although the people who say yes are shown a value that may differ."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.contracts.descent import Descent
from agentflow.lint.answers import is_final
from agentflow.lint.origins import deciding, within
from agentflow.lint.passages import passages
from agentflow.lint.rule import Context
from agentflow.lint.verdicts import Answers, cases, values_at
from agentflow.plan import address
from agentflow.plan.loop_states import entries
from agentflow.plan.schemas import Contract, values_of
from agentflow.plan.steps import CallPlan, StepPlan
from agentflow.spec.cel.logic import paths_in, way_of
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.model import Json
from agentflow.spec.templates import Constant, template_expressions


class Fixed(Struct, frozen=True):
    """An argument that is always `value`, where a question shows what comes from `path`, and may be `other`."""

    step: StepPlan
    asked: StepPlan
    field: str
    value: Json
    path: Expr
    other: Json


def fixed_values(context: Context) -> Iterator[Fixed]:
    """The arguments of approved effects that cannot be undone, which are not what was shown for some answers.

    That a constant is meant for what is shown can be seen by its being one of the values that may be
    shown there, of which others would fit as well.
    """
    assert context.plan is not None
    for step in context.plan.steps.values():
        if step.call is None or step.dispatch is not None or not is_final(step):
            continue
        constants = {
            name: each.value
            for name, each in entries(step.call.arguments).items()
            if isinstance(each, Constant) and _is_a_choice(each.value)
        }
        for asked in deciding(context, step) if constants else ():
            if address.parent(asked.address) == address.parent(step.address):
                yield from _fixed(context, step, step.call, asked, constants)


def _fixed(
    context: Context, step: StepPlan, call: CallPlan, asked: StepPlan, constants: dict[str, Json]
) -> Iterator[Fixed]:
    place = address.parent(asked.address) or ""
    handed = [
        (use.reference.root, use.reference.path) for use in within(context, (*step.path, "with"))
    ]
    for path in _shown(asked):
        root, way = way_of(path)
        if any(root == one and way[: len(given)] == given[: len(way)] for one, given in handed):
            continue
        shown = values_at(context, path, place) or ()
        for field, value in constants.items():
            others = [each for each in shown if each != value and _fits(call, field, value, each)]
            if value not in shown or not others:
                continue
            other = next(
                (each for each in others if _passes(context, step, asked, path, each)), None
            )
            if other is not None:
                yield Fixed(step, asked, field, value, path, other)


def _shown(asked: StepPlan) -> Iterator[Expr]:
    """The paths that a question shows."""
    assert asked.question is not None
    for template in (asked.question.ask, asked.question.shown):
        for _, _, expr in template_expressions(template):
            yield from paths_in(expr)


def _is_a_choice(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value not in ("", 0, 1)


def _fits(call: CallPlan, field: str, value: Json, other: Json) -> bool:
    """Could an argument be another value as well, by the contract of who is given it?"""
    root = dict(call.input.schema)
    values = values_of(Contract(Descent().into(root, root, field), root))
    return type(other) is type(value) and (values is None or other in values)


def _passes(context: Context, step: StepPlan, asked: StepPlan, path: Expr, value: Json) -> bool:
    """May a step happen after a question where a path comes to a value?"""
    assert context.plan is not None
    here = {step.address, asked.address}
    around = [
        each
        for one in (step, asked)
        for each in passages(context.plan, one.address)
        if not (isinstance(each.of, StepPlan) and each.of.address in here)
    ]
    conditions = [each.when for each in (step, asked) if each.when is not None]
    place = address.parent(step.address) or ""
    found = cases(context, conditions, place)
    if around or found is None:
        return False
    answers, way = Answers(), way_of(path)
    return any(
        case.get(way, value) == value
        and all(answers.to(condition, case) is not False for condition in conditions)
        for case in found
    )
