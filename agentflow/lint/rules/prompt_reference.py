"""A prompt, an image, a url or a charge asks for something that its agent is not given.

All of them read the fields of the agent's own `input` and nothing else, so that a reader of the
agent knows what reaches the other side. Anything else has no value, and every call fails before it
is made.

A field that a closed contract (`additionalProperties: false`) does not name is an error. An open one lets
callers hand over more than it names, so only what is nearly one of its fields is warned of, and only if no
step hands it over by that name.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        prompt: "Write about ${{ input.topik }}."
        input:
          type: object
          additionalProperties: false
          required: [topic]
          properties: {topic: {type: string}}
        output: {type: string}
    steps:
      write: {agent: writer, with: {topic: spring}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    7:30 the input has no field 'topik'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        prompt: "Write about ${{ input.topic }}."
        input:
          type: object
          additionalProperties: false
          required: [topic]
          properties: {topic: {type: string}}
        output: {type: string}
    steps:
      write: {agent: writer, with: {topic: spring}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from agentflow.findings import Finding, Severity
from agentflow.lint.agent_texts import agent_texts
from agentflow.lint.chats import entries
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers, calls_of
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import Path
from agentflow.spec.document import Document
from agentflow.spec.expressions import ExpressionError, Reference, references
from agentflow.spec.templates import parse_template, template_expressions
from agentflow.spec.wording import quoted

NAME = "prompt-reference"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


class Given(Struct, frozen=True):
    """What an agent is given: by its contract, and the names by which steps hand something over."""

    contract: Contract
    named: frozenset[str]


def check(context: Context) -> Iterator[Finding]:
    """Each expression in a prompt that cannot be read or has no value."""
    if context.plan is None:
        return
    named: dict[str, set[str]] = defaultdict(set)
    for step in callers(context.plan):
        for call in calls_of(step):
            named[call.agent].update(name for name, _ in entries(call.arguments))
    for each in agent_texts(context.plan):
        given = Given(each.given, frozenset(named[each.agent]))
        yield from _in_text(context.document, each.path, each.text, given)


def _in_text(document: Document, path: Path, text: str, given: Given) -> Iterator[Finding]:
    try:
        template = parse_template(text)
    except ExpressionError as error:
        place = document.in_string(path, error.start, error.end)
        yield Finding(NAME, SEVERITY, error.message, place, error.help)
        return
    suggestions = Suggestions()
    for _, offset, expr in template_expressions(template):
        for found in references(expr):
            problem = _problem(str(path[2]), found, given, suggestions)
            if problem is not None:
                severity, message, advice = problem
                place = document.in_string(path, offset + found.start, offset + found.end)
                yield Finding(NAME, severity, message, place, advice)


def _problem(
    key: str, found: Reference, given: Given, suggestions: Suggestions
) -> tuple[Severity, str, str] | None:
    """Why a reference in a prompt, image, url or charge has no value, and what to do about it."""
    if found.root != "input":
        advice = (
            f"hand it to the agent with 'with', and read input.{found.path[-1]}"
            if found.path
            else "write input.NAME"
        )
        who = {"charges": "a charge", "images": "an image"}.get(key, f"a {key}")
        return SEVERITY, f"{who} reads 'input' only, not {quoted(found.root)}", advice
    name = found.path[0] if found.path else None
    if not isinstance(name, str):
        return None
    part = part_of(given.contract, name)
    if part.lack == "never":
        advice = suggestions.help(name, part.known, "add it to the agent's input contract")
        return SEVERITY, f"the input has no field {quoted(name)}", advice
    if part.lack != "unnamed" or found.guarded or name in given.named:
        return None
    near = suggestions.near(name, part.known)
    if near is None:
        return None
    message = f"the input contract does not name {quoted(name)}, and no step hands it over"
    return Severity.WARNING, message, near
