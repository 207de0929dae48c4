"""What follows up a failure that a `catch` has let pass: an undo, or a question to people."""

from collections.abc import Mapping

from agentflow.lint.passages import passages
from agentflow.lint.stand_ins import Effect, answered, may_happen, stand_in
from agentflow.lint.verdicts import steps_read
from agentflow.plan.calls import calls_of
from agentflow.plan.steps import CatchPlan, Plan, StepPlan
from agentflow.spec.model import Effects, Json


def is_taken_up(plan: Plan, failed: StepPlan, action: CatchPlan) -> bool:
    """Does a step follow up a failure: one that runs on the stand-in value, and not without it?

    Only a question to a person counts, or a step that may be repeated without harm. Any other
    effect might be a second try of something that has already happened.
    """
    read = stand_in(action)
    if read is None:
        return False
    for step in plan.steps.values():
        if step.question is None and all(
            call.effects is not Effects.IDEMPOTENT for call in calls_of(step)
        ):
            continue
        asked = tuple(
            condition
            for passage in passages(plan, step.address)
            for condition in passage.conditions
            if any(each is failed for each in steps_read(plan, condition, passage.place))
        )
        looks = Effect(step, asked)
        if may_happen(looks, failed, read, whole=True) and not may_happen(
            looks, failed, _otherwise(read), whole=False
        ):
            return True
    return False


def _otherwise(read: Mapping[str, Json]) -> dict[str, Json]:
    """What can be read of a step that did not fail, and so has another output."""
    return answered(_changed(read["output"]) if "output" in read else {})


def _changed(value: Json) -> Json:
    """A value that differs in every place."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}-"
        case dict():
            return {name: _changed(part) for name, part in value.items()}
        case list():
            return [*map(_changed, value), *value, None]
    return ""
