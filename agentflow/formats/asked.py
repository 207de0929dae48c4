"""A question for people, as lines: who is asked what about which step, and until when."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.brief import brief
from agentflow.core.asking import contract_of, refusal_of
from agentflow.core.events import AskPerson
from agentflow.formats.safe import safe
from agentflow.formats.values import compact
from agentflow.formats.words import deadline, duration
from agentflow.plan.calls import step_at
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Json
from agentflow.spec.order import in_order
from agentflow.spec.templates import Template


class Open(Struct, frozen=True):
    """A question of a run that waits for its answer.

    `contract` is the schema of what a person may `replace` with, `refusal` the value that says no
    to it; None if a no takes more than that, or is none of a value.
    """

    run_id: str
    question: AskPerson
    contract: Mapping[str, Json]
    refusal: Json


def open_question(run_id: str, plan: Plan, question: AskPerson) -> Open:
    """A question with what its step says about answers."""
    _, step = step_at(plan, question.step)
    contract = contract_of(step, question)
    schema = {} if contract is None else contract.schema
    given = _given(step) if question.tool is None else None
    if given is not None:
        question = replace(question, input=in_order(question.input, given))
    return Open(run_id, question, schema, refusal_of(step, question))


def _given(step: StepPlan) -> Template | None:
    """What a step shows to people, or gives to its agent or pipeline, as the spec has it."""
    if step.question is not None:
        return step.question.shown
    if step.call is not None:
        return step.call.arguments
    return step.nested.arguments if step.nested is not None else None


def replacing(contract: Mapping[str, Json], how: str) -> str:
    """What goes with `replace`, and `how` it is given."""
    return f"'replace' takes {how}{safe(brief(dict(contract)), oneline=True)}"


class Question(Struct, frozen=True):
    """A question, told. `asked` and `due` are seconds since 1970, `failure` a class and a message.

    What is `shown` about a `tool` are the arguments that it is to be called with; `output` is an
    answer that was held back.
    """

    step: str
    who: str | None
    asked: float
    due: float
    ask: str
    shown: Json
    failure: tuple[str, str] | None
    output: Json
    tool: str | None
    four_eyes: bool


def asked_lines(asked: Question, limit: int, now: float | None = None) -> Iterator[str]:
    """The lines; `limit` is in characters of one value.

    With `now`, a question whose time is up says since when.
    """
    until = f"until {deadline(asked.due, asked.asked)}"
    if now is not None and now > asked.due:
        until = f"overdue for {duration(now - asked.due)}"
    step, who = safe(asked.step, oneline=True), safe(asked.who or "a person", oneline=True)
    yield f"{step}  asks {who}, {until}"
    yield from (f"  {line}" for line in safe(asked.ask, limit=limit).split("\n"))
    if asked.tool is not None:
        yield f"  calls {safe(asked.tool, oneline=True)} with:"
    if isinstance(asked.shown, dict):
        for name, value in asked.shown.items():
            yield f"  {safe(name, oneline=True)}: {safe(compact(value), limit=limit, oneline=True)}"
    if asked.failure is not None:
        kind, message = asked.failure
        yield f"  because {kind}: {safe(message, limit=limit, oneline=True)}"
    if asked.four_eyes:
        yield "  not by whoever started the run"
    if asked.output is not None:
        yield f"  held back: {safe(compact(asked.output), limit=limit, oneline=True)}"
