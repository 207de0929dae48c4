"""What people are asked and told about a step or a call: texts that many may share, and what each
is given.

The texts of an escalation read the `input` of whichever step turns to it (of a question, what the
first person is shown), those of an approval the arguments of the call. Of a step that turned to
others before it was given anything, it is null.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.lint.escalations import turned_to
from agentflow.plan.calls import callers
from agentflow.plan.schemas import Contract, self_contained
from agentflow.plan.steps import LevelPlan, Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.document import Path
from agentflow.spec.templates import Template

_OF_FAILURE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "message"],
    "properties": {"kind": {"type": "string"}, "message": {"type": "string"}},
}
#: What `failure` is in them.
FAILURE = Contract(_OF_FAILURE, _OF_FAILURE)


class Asked(Struct, frozen=True):
    """A text with where it stands, and the contracts of all that may be its `input`."""

    text: Template
    path: Path
    given: tuple[Contract, ...]


def asked_texts(plan: Plan, types: Types) -> Iterator[Asked]:
    """Every such text that somebody uses, once; of what nobody uses nothing is known."""
    texts: dict[Path, Template] = {}
    given: dict[Path, list[Contract]] = {}
    for step in _users(plan):
        for escalation in turned_to(step):
            for level in escalation.levels:
                if level.text is not None:
                    path = _path(level)
                    texts.setdefault(path, level.text)
                    given.setdefault(path, []).extend(_given(step, types))
    for path, text in texts.items():
        yield Asked(text, path, tuple(given[path]))


def _users(plan: Plan) -> Iterator[StepPlan]:
    yield from callers(plan)
    yield from (step for step in plan.steps.values() if step.nested or step.question)


def _path(level: LevelPlan) -> Path:
    """Where the text of a level stands; an approval written at the tool is a level of its own."""
    if level.path[-1] == "approve":
        return (*level.path, "ask")
    return (*level.path, level.kind, "ask" if level.kind == "human" else "text")


def _given(step: StepPlan, types: Types) -> Iterator[Contract]:
    """The `input` of a step: its agent's or pipeline's, any that it may choose, or `shown`."""
    if step.question is not None:
        yield self_contained(types.of(step.question.shown, step.address))
    if step.nested is not None:
        schema = step.nested.plan.inputs.schema
        yield Contract(schema, schema)
    calls = step.among.values() if step.dispatch is not None else (step.call,)
    for call in calls:
        if call is not None:
            yield Contract(call.input.schema, call.input.schema)
