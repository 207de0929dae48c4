"""What is done after each answer to a question, and after what stands for one when nobody answers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from msgspec import Struct

from agentflow.lint.answers import acts
from agentflow.lint.decided import leads_to_case
from agentflow.lint.verdicts import steps_read
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.plan.steps import CatchPlan, Plan, StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import outcome
from agentflow.spec.cel.syntax import Expr, Unary
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.templates import Constant, Whole

#: Of more answers than these none is tried.
_MOST_ANSWERS = 64


class Effect(Struct, frozen=True):
    """A step that changes the world, and the conditions on its way that read one answer."""

    step: StepPlan
    conditions: tuple[Expr, ...]


def stand_in(action: CatchPlan) -> dict[str, Json] | None:
    """What is read of a step that has failed in this way; None if nothing is, or it is not known."""
    last = action.escalation.on_exhausted if action.escalation is not None else action
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
        for condition, place in _on_the_way(plan, step):
            for at in {asked.address for asked in steps_read(plan, condition, place)}:
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

    def comes_to(leaf: Expr) -> bool | None:
        if any(
            found.root != "steps" or found.path[:1] != (asked.id,) for found in references(leaf)
        ):
            return None
        try:
            found = evaluate(leaf, {"steps": {asked.id: dict(read)}})
        except EvaluationError:
            return False if whole else None
        return found if isinstance(found, bool) else None

    return all(outcome(condition, comes_to) is not False for condition in effect.conditions)


def _on_the_way(plan: Plan, step: StepPlan) -> Iterator[tuple[Expr, str]]:
    """The conditions that a step goes by, its own and those around it, with where they are read."""
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is not None:
            if around.when is not None:
                yield around.when, address.parent(at) or ""
            continue
        switch = plan.steps.get(address.parent(at) or "")
        if switch is None or not isinstance(switch.switch, Whole):
            continue
        value, place = switch.switch.expr, switch.address
        if at != address.default_case(switch.address):
            yield leads_to_case(value, address.name(at)), place
            continue
        for other in switch.scopes:
            if other.address != at:
                named = leads_to_case(value, address.name(other.address))
                yield Unary("!", named, 0, 0), place
