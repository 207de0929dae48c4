"""What is done after each answer to a question, and after what stands for one when nobody answers."""

from collections.abc import Iterator, Mapping, Sequence
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
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.templates import Constant

#: Of more answers than these none is tried.
_MOST_ANSWERS = 64


class Effect(Struct, frozen=True):
    """A step that changes the world, and the conditions on its way that read one answer."""

    step: StepPlan
    conditions: tuple[Expr, ...]


def stand_in(action: CatchPlan) -> dict[str, Json] | None:
    """What is read of a step that has failed in this way; None if nothing is, or it is not known."""
    last = action.last
    if last.action == "skip":
        return {"status": "skipped"}
    if last.action == "use" and isinstance(last.value, Constant):
        return answered(last.value.value)
    return None


def answered(value: Json) -> dict[str, Json]:
    """What is read of a step that has this output."""
    return {"status": "succeeded", "output": value}


def effects_by_answer(plan: Plan) -> Mapping[str, Sequence[Effect]]:
    """The effects that go by what a step answers, by its address, whatever else they go by."""
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
    """All that a person can answer, as far as it can be counted: of an object, such fields."""
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
    """Does nothing in what is `read` of `asked` keep an effect from happening?

    If that is the `whole` of it, a condition that asks for more does not hold.
    """
    more = False if whole else None
    return all(
        comes_to(condition, asked, read, more) is not False for condition in effect.conditions
    )


def comes_to(
    condition: Expr, asked: StepPlan, read: Mapping[str, Json], more: bool | None = None
) -> bool | None:
    """What a condition comes to where this is `read` of a step; None if that depends on others.

    What asks the step for `more` than that comes to what is given.
    """

    def of_leaf(leaf: Expr) -> bool | None:
        if any(
            found.root != "steps" or found.path[:1] != (asked.id,) for found in references(leaf)
        ):
            return None
        try:
            found = evaluate(leaf, {"steps": {asked.id: dict(read)}})
        except EvaluationError:
            return more
        return found if isinstance(found, bool) else None

    return outcome(condition, of_leaf)
