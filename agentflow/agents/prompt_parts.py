"""What a request to a chat model is made of, part by part, for receipts and messages to name."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, to_builtins

from agentflow.agents.conversation import told
from agentflow.agents.llm import Options
from agentflow.agents.prompts import Prompts, contract_text
from agentflow.agents.protocol import Call
from agentflow.core.events import Complaint
from agentflow.core.prompted import data_text
from agentflow.core.talks import Turn
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.templates import Template, Whole, render, template_expressions

INSTRUCTIONS = "instructions"
CONTRACT = "contract in words"
ANSWERS = "earlier answers"
COMPLAINTS = "complaints about them"
TOOLS = "definitions of tools"
FORM = "form of the answer"


class Part(Struct, frozen=True):
    """A part of a request: its name, its text, and the input fields that it was made of, if any.

    One that stands `beside` the messages is brought by the provider into a form of its own.
    """

    name: str
    text: str
    fields: tuple[str, ...] = ()
    beside: bool = False


def parts_of(
    prompts: Prompts,
    options: Options,
    call: Call,
    form: Mapping[str, Any] | None = None,
    *,
    show_contract: bool,
) -> Iterator[Part]:
    """The parts of the request of a call, but for the few words that agentflow adds.

    `form` is its response format, and with `show_contract` the contract is put into words. May
    raise `ExpressionError` and `EvaluationError`.
    """
    yield from _data(prompts.template(options), call.input)
    instructions = prompts.instructions(options)
    if instructions:
        yield Part(INSTRUCTIONS, instructions)
    if show_contract:
        yield Part(CONTRACT, contract_text(call.output_schema))
    for turn in call.turns:
        yield from _turn(turn)
    yield from _complaint(call.complaint)
    for tool in call.tools:
        yield Part(TOOLS, json.dumps(to_builtins(tool)), beside=True)
    if form is not None:
        yield Part(FORM, json.dumps(form), beside=True)


def _data(template: Template | None, given: Mapping[str, Json]) -> Iterator[Part]:
    """The data of a prompt; without a template that is the whole input."""
    if template is None:
        for name, value in given.items():
            yield Part(name, data_text(value), (name,))
        return
    for _, _, expr in template_expressions(template):
        names: dict[str, None] = {}
        for reference in references(expr):
            names |= dict.fromkeys([str(reference.path[0])] if reference.path else given)
        text = data_text(render(Whole(expr, 0), {"input": dict(given)}))
        yield Part(", ".join(names), text, tuple(names))


def _turn(turn: Turn) -> Iterator[Part]:
    yield from _complaint(turn.complaint)
    if turn.said:
        yield Part(ANSWERS, turn.said)
    for call, result in zip(turn.calls, turn.results, strict=True):
        yield Part(f"calls of '{call.tool}'", call.tool + call.arguments)
        yield Part(f"results of '{call.tool}'", data_text(told(result)))


def _complaint(complaint: Complaint | None) -> Iterator[Part]:
    if complaint is not None:
        yield Part(ANSWERS, complaint.answer or "")
        yield Part(COMPLAINTS, "\n".join(complaint.violations))
