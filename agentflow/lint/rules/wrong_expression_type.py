"""An expression has a type that cannot be used where it stands.

`when`, `until` and `that` have to be true or false, `for_each` needs a list, a charge is a number,
and only text, numbers, true and false can be put into text, whether it is that of a step, a prompt,
an image or a URL. The contracts say that this value has another type, so the step fails in every
run.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, items: {type: string}}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, when: size(inputs.letters), with: {text: "${{ inputs.letters }}"}}
    outputs: {letter: "${{ default(steps.write.output, 'none') }}"}

Says:

    16:32 'when' has to be true or false, this is integer

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, items: {type: string}}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, when: size(inputs.letters) > 0, with: {text: "${{ inputs.letters }}"}}
    outputs: {letter: "${{ default(steps.write.output, 'none') }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import type_names
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Location, Severity
from agentflow.lint.agent_texts import AgentText, agent_texts
from agentflow.lint.rule import Context, Family
from agentflow.lint.written import conditions_of, in_text, templates
from agentflow.plan import address
from agentflow.plan.shape_kinds import Written
from agentflow.plan.steps import StepPlan
from agentflow.plan.types import Types
from agentflow.spec.document import Path
from agentflow.spec.templates import Template, Whole
from agentflow.spec.wording import quoted

NAME = "wrong-expression-type"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR

_BOOLEAN = frozenset({"boolean"})
_LIST = frozenset({"array"})
_KEY = frozenset({"integer", "string"})
_IN_TEXT = frozenset({"boolean", "integer", "number", "string"})
#: What an image or a charge that is one expression has to come to.
_WHOLE = {
    "images": (
        frozenset({"array", "string"}),
        "an image is a path or an address, or a list of them",
        "name a text of the input, or a list of texts",
    ),
    "charges": (
        frozenset({"integer", "number"}),
        "a charge is a number",
        "name a number of the input; size(x) counts a list or a text",
    ),
}


def check(context: Context) -> Iterator[Finding]:
    """Each expression that cannot come to a value of the type that is needed."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        yield from _of_step(context, step)
    for template, path, place in templates(context.plan):
        yield from _in_text(context, template, path, place, context.types)
    for each in agent_texts(context.plan):
        if each.template is not None:
            types = each.types(context.plan)
            yield from _in_text(context, each.template, each.path, "", types)
            yield from _as_a_whole(context, each, each.template, types)


def _in_text(
    context: Context, template: Template, path: Path, place: str, types: Types
) -> Iterator[Finding]:
    """Each expression in a text that comes to no text, which is read at a place."""
    for part, at in in_text(template, path):
        found = _wrong_type(types, part, place, _IN_TEXT)
        found = found or _wrong_at_first(context, part, at, place, _IN_TEXT)
        if found:
            message = f"only strings, numbers and booleans go into text, this is {found}"
            location = _place(context, part, at)
            yield Finding(NAME, SEVERITY, message, location, "json(x) writes any value as text")


def _as_a_whole(
    context: Context, each: AgentText, template: Template, types: Types
) -> Iterator[Finding]:
    """What is wrong with an image or a charge that is one expression and nothing else."""
    if each.key not in _WHOLE or not isinstance(template, Whole):
        return
    wanted, needs, advice = _WHOLE[each.key]
    found = _wrong_type(types, template, "", wanted)
    if found:
        location = _place(context, template, each.path)
        yield Finding(NAME, SEVERITY, f"{needs}, this is {found}", location, advice)


def _place(context: Context, part: Whole, path: Path) -> Location:
    start, end = part.offset + part.expr.start, part.offset + part.expr.end
    return context.document.in_string(path, start, end)


def _of_step(context: Context, step: StepPlan) -> Iterator[Finding]:
    """What is wrong with `when`, `for_each` (read outside of the step), `until` and `assert`."""
    outside = address.parent(step.address) or ""
    for condition, path, place in conditions_of(step):
        found = _wrong_type(context.types, condition, place, _BOOLEAN)
        found = found or _wrong_at_first(context, condition, path, place, _BOOLEAN)
        if found:
            message = f"{quoted(str(path[-1]))} has to be true or false, this is {found}"
            location = context.document.locate(path)
            yield Finding(NAME, SEVERITY, message, location, "compare it with something")
    if step.for_each is not None:
        found = _wrong_type(context.types, step.for_each.over, outside, _LIST)
        location = context.document.locate((*step.path, "for_each", "over"))
        if found and location not in context.misread:
            message = f"'for_each' goes over a list, this is {found}"
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=message,
                location=location,
                help="name a list, or write one: [a, b]",
            )
    if step.for_each is not None and step.for_each.key is not None:
        found = _wrong_type(context.types, step.for_each.key, step.address, _KEY)
        if found:
            message = f"the 'key' of an item is text or an integer, this is {found}"
            location = context.document.locate((*step.path, "for_each", "key"))
            yield Finding(NAME, SEVERITY, message, location, "name what tells the items apart")


def _wrong_at_first(
    context: Context, written: Written, path: Path, place: str, wanted: frozenset[str]
) -> str | None:
    """As `_wrong_type`, if it is certain of the first iteration of a loop alone."""
    first = context.first_rounds.at(path, place)
    found = _wrong_type(first, written, place, wanted) if first is not None else None
    return f"{found} in the first iteration" if found else None


def _wrong_type(types: Types, written: Written, place: str, wanted: frozenset[str]) -> str | None:
    """The type of a value in words, if it is certain that it is none of those wanted."""
    schema = types.of(written, place)
    found = types_of(schema, schema)
    if not found or found & wanted:
        return None
    return type_names(found)
