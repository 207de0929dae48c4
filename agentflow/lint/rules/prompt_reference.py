"""A prompt, an image, a url or a charge asks for something that its agent is not given.

All of them read the fields of the agent's own `input` and nothing else, so that a reader of the
agent knows what reaches the other side. Anything else has no value, and every call fails before it
is made.

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

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers, calls_of
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import ANYTHING, Contract
from agentflow.plan.steps import Path
from agentflow.spec.document import Document
from agentflow.spec.expressions import ExpressionError, Reference, references
from agentflow.spec.templates import parse_template, template_expressions
from agentflow.spec.wording import quoted

NAME = "prompt-reference"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each expression in a prompt that cannot be read or has no value."""
    if context.plan is None:
        return
    calls = (call for step in callers(context.plan) for call in calls_of(step))
    inputs = {call.agent: Contract(call.input.schema, call.input.schema) for call in calls}
    for name, agent in context.plan.pipeline.agents.items():
        given = inputs.get(name, ANYTHING)
        # Each of these keys is one of some kinds only; this layer does not know of which.
        for key in ("prompt", "url"):
            text = getattr(agent, key, None)
            if isinstance(text, str):
                yield from _in_text(context.document, ("agents", name, key), text, given)
        for index, text in enumerate(getattr(agent, "images", ())):
            yield from _in_text(context.document, ("agents", name, "images", index), text, given)
        for meter, charge in agent.charges.items():
            if isinstance(charge, str):
                path = ("agents", name, "charges", meter)
                yield from _in_text(context.document, path, charge, given)


def _in_text(document: Document, path: Path, text: str, given: Contract) -> Iterator[Finding]:
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
                message, advice = problem
                place = document.in_string(path, offset + found.start, offset + found.end)
                yield Finding(NAME, SEVERITY, message, place, advice)


def _problem(
    key: str, found: Reference, given: Contract, suggestions: Suggestions
) -> tuple[str, str] | None:
    """Why a reference in a prompt, image, url or charge has no value, and what to do about it."""
    if found.root != "input":
        advice = (
            f"hand it to the agent with 'with', and read input.{found.path[-1]}"
            if found.path
            else "write input.NAME"
        )
        who = {"charges": "a charge", "images": "an image"}.get(key, f"a {key}")
        return f"{who} reads 'input' only, not {quoted(found.root)}", advice
    name = found.path[0] if found.path else None
    part = part_of(given, name) if isinstance(name, str) else None
    if part is None or part.lack != "never":
        return None
    advice = suggestions.help(str(name), part.known, "add it to the agent's input contract")
    return f"the input has no field {quoted(str(name))}", advice
