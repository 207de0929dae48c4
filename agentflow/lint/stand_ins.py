"""What happens after each answer to a question, and after what stands in for a missing one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod

from msgspec import Struct

from agentflow.lint.answers import acts
from agentflow.lint.passages import passages
from agentflow.lint.verdicts import steps_read
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.plan.steps import CatchPlan, Plan, StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import outcome
from agentflow.spec.cel.syntax import Binary, Expr, Unary
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.templates import Constant

#: With more answers than these, none is tried.
_MOST_ANSWERS = 64


class Effect(Struct, frozen=True):
    """A step that changes the world, and the conditions on its way that read one answer."""

    step: StepPlan
    conditions: tuple[Expr, ...]


def stand_in(action: CatchPlan) -> dict[str, Json] | None:
    """What can be read of a step after this failure; None if nothing, or nothing that is known."""
    last = action.last
    if last.action == "skip":
        return {"status": "skipped"}
    if last.action == "use" and isinstance(last.value, Constant):
        return answered(last.value.value)
    return None


def answered(value: Json) -> dict[str, Json]:
    """What can be read of a step with this output."""
    return {"status": "succeeded", "output": value}


def effects_by_answer(plan: Plan) -> Mapping[str, Sequence[Effect]]:
    """The effects that depend on a step's answer, by the address of that step."""
    found: dict[str, list[Effect]] = {}
    for step in plan.steps.values():
        if not acts(step):
            continue
        read: dict[str, list[Expr]] = {}
        for passage in passages(plan, step.address):
            for condition in passage.conditions:
                for at in {one.address for one in steps_read(plan, condition, passage.place)}:
                    read.setdefault(at, []).append(condition)
        for at, conditions in read.items():
            found.setdefault(at, []).append(Effect(step, tuple(conditions)))
    return found


def possible_answers(asked: StepPlan) -> Iterator[Json]:
    """All answers that a person can give, if they are few; of objects, the fields that are."""
    assert asked.question is not None
    schema = asked.question.answer.schema
    contract = Contract(schema, schema)
    values = values_of(contract)
    if values is not None:
        yield from values[:_MOST_ANSWERS]
        return
    whole = past_references(contract)
    fields = whole.get("properties", {}) if isinstance(whole, Mapping) else {}
    each = {name: values_of(Contract(field, schema)) for name, field in fields.items()}
    counted = {name: found for name, found in each.items() if found is not None}
    if counted and prod(len(found) for found in counted.values()) <= _MOST_ANSWERS:
        yield from (dict(zip(counted, one, strict=True)) for one in product(*counted.values()))


def may_happen(effect: Effect, asked: StepPlan, read: Mapping[str, Json], *, whole: bool) -> bool:
    """Can an effect happen where this is `read` of a step?

    If that is the `whole` of what the step has to read, a condition that needs more of it fails,
    negated or not.
    """

    def may_be(leaf: Expr, truth: bool) -> bool:
        try:
            return _value_of(leaf, asked, read) in (truth, None)
        except EvaluationError:
            return not whole

    return all(_may_come_to(condition, True, may_be) for condition in effect.conditions)


def comes_to(condition: Expr, asked: StepPlan, read: Mapping[str, Json]) -> bool | None:
    """What a condition comes to where this is `read` of a step; None if more is needed to tell."""

    def of_leaf(leaf: Expr) -> bool | None:
        try:
            return _value_of(leaf, asked, read)
        except EvaluationError:
            return None

    return outcome(condition, of_leaf)


def _value_of(leaf: Expr, asked: StepPlan, read: Mapping[str, Json]) -> bool | None:
    """What a part of a condition comes to; None if it reads anything besides one step.

    Raises `EvaluationError` if it needs more of the step than is `read`.
    """
    if any(found.root != "steps" or found.path[:1] != (asked.id,) for found in references(leaf)):
        return None
    found = evaluate(leaf, {"steps": {asked.id: dict(read)}})
    return found if isinstance(found, bool) else None


def _may_come_to(condition: Expr, truth: bool, may_be: Callable[[Expr, bool], bool]) -> bool:
    """Can a condition come to `truth`, by what each of its leaves `may_be`?

    A leaf without a value can be neither true nor false, which `outcome` has no way to say.
    """
    match condition:
        case Unary("!", operand):
            return _may_come_to(operand, not truth, may_be)
        case Binary("&&" | "||" as operator, left, right):
            enough = any if (operator == "||") == truth else all
            return enough(_may_come_to(side, truth, may_be) for side in (left, right))
        case _:
            return may_be(condition, truth)
