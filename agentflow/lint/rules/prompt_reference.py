"""A prompt, an image, a URL, a charge or a question reads something that it is not given.

In an agent, these read the fields of its own `input` and nothing else, so that readers of the agent
know what is sent. Anything else has no value, and every call fails before it is made.

A field that a closed contract (`additionalProperties: false`) does not have is an error. An open
contract lets callers pass more than it names, so this is a warning, and only given for a name that
is close to one of its fields and that no step passes. A field that the contract does not require is
absent if a step does not pass it; `default(input.NAME, VALUE)` handles that.

The text for people, at a level of an escalation or before a tool is called, reads as `input` what
the step or the tool is given; for a question, what the first person is shown. A field that none of
those who use it can have is an error: the level would be passed over each time, and nobody would be
asked.

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

from agentflow.contracts.describe import path_text
from agentflow.contracts.keywords import Schema
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.agent_texts import agent_texts
from agentflow.lint.chats import entries
from agentflow.lint.escalations import turned_to
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.calls import callers, possible_calls
from agentflow.plan.fields import Lack, part_of
from agentflow.plan.schemas import Contract, self_contained
from agentflow.plan.steps import CallPlan, LevelPlan, Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.cel.references import Steps
from agentflow.spec.document import Document, Path
from agentflow.spec.expressions import ExpressionError, Reference, references
from agentflow.spec.fixes import replaced
from agentflow.spec.nearest import only_near
from agentflow.spec.templates import Template, parse_template, template_expressions
from agentflow.spec.wording import quoted

NAME = "prompt-reference"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE

_CALLED = {"charges": "the charge", "images": "the image"}

_OF_FAILURE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "message"],
    "properties": {"kind": {"type": "string"}, "message": {"type": "string"}},
}
#: What `failure` is in the texts for people.
_FAILURE = Contract(_OF_FAILURE, _OF_FAILURE)


class _Asked(Struct, frozen=True):
    """A text for people, with where it stands and the contracts of all that may be its `input`.

    Many steps may share it. In an escalation, `input` is that of the step that turns to people (of
    a question, what the first person is shown); in an approval, the arguments of the call. It is
    null if the step turned to others before it was given anything.
    """

    text: Template
    path: Path
    given: tuple[Contract, ...]


class _Giver(Struct, frozen=True):
    """Who calls an agent: a step with its arguments, or None where only the run knows these."""

    step: StepPlan
    gives: Contract | None
    named: frozenset[str] = frozenset()


class _Given(Struct, frozen=True):
    """What an agent is given: by its contract, and by those who call it."""

    contract: Contract
    givers: tuple[_Giver, ...]


def check(context: Context) -> Iterator[Finding]:
    """Each expression in a prompt that cannot be read or has no value."""
    if context.plan is None:
        return
    givers: dict[str, list[_Giver]] = defaultdict(list)
    for step in callers(context.plan):
        for call in possible_calls(step):
            givers[call.agent].append(_giver(context, step, call))
    for each in agent_texts(context.plan):
        given = _Given(each.given, tuple(givers[each.agent]))
        yield from _in_text(context.document, each.path, each.text, given)
    suggestions = Suggestions()
    for asked in _asked_texts(context.plan, context.types):
        yield from _in_question(context.document, asked, suggestions)


def _in_question(document: Document, asked: _Asked, suggestions: Suggestions) -> Iterator[Finding]:
    """Each field that a question or a notice reads and none of those whom it is about can have."""
    for inner, offset, expr in template_expressions(asked.text):
        for found in references(expr):
            name = found.path[0] if found.path else None
            if found.root not in ("input", "failure") or not isinstance(name, str):
                continue
            given = asked.given if found.root == "input" else (_FAILURE,)
            parts = [part_of(contract, name) for contract in given]
            if parts and all(part.lack == "never" for part in parts):
                known = dict.fromkeys(field for part in parts for field in part.known)
                advice = suggestions.help(name, known, "it reads what the step or tool is given")
                message = f"the {found.root} has no field {quoted(name)}"
                start, end = offset + found.start, offset + found.end
                place = document.in_string((*asked.path, *inner), start, end)
                yield Finding(NAME, SEVERITY, message, place, advice)


def _giver(context: Context, step: StepPlan, call: CallPlan) -> _Giver:
    assert context.plan is not None
    fields = frozenset(name for name, _ in entries(call.arguments))
    if context.plan.steps.get(step.address) is not step and not fields:
        return _Giver(step, None)  # a model gives a tool what it likes, and a planner a worker
    given = context.types.of(call.arguments, step.address)
    return _Giver(step, self_contained(given), fields)


def _in_text(document: Document, path: Path, text: str, given: _Given) -> Iterator[Finding]:
    try:
        template = parse_template(text)
    except ExpressionError as error:
        place = document.in_string(path, error.start, error.end)
        fix = replaced(document, place, *error.misspelt) if error.misspelt else None
        yield Finding(NAME, SEVERITY, error.message, place, error.help, fix=fix)
        return
    suggestions = Suggestions()
    for _, offset, expr in template_expressions(template):
        for found in references(expr):
            key = "images" if "images" in path else "charges" if "charges" in path else str(path[2])
            problem = _problem(key, found, given, suggestions) or _absence(key, found, given)
            if problem is not None:
                place = document.in_string(path, offset + found.start, offset + found.end)
                related = tuple(
                    Related("this step does not hand it over", document.locate_key(step.path))
                    for step in problem.steps
                )
                severity, message, advice = problem.severity, problem.message, problem.advice
                fix = replaced(document, place, *problem.misspelt) if problem.misspelt else None
                yield Finding(NAME, severity, message, place, advice, related, fix)


class _Problem(Struct, frozen=True):
    """Why a reference has no value, or need not have one; `steps` are those whose doing it is.

    `misspelt` is a name in it, and the one that has to be meant.
    """

    severity: Severity
    message: str
    advice: str
    steps: tuple[StepPlan, ...] = ()
    misspelt: tuple[str, str] | None = None


def _absence(key: str, found: Reference, given: _Given) -> _Problem | None:
    """A field that the contract does not require, and that somebody does not hand over."""
    lack, way = _lack(found, given.contract)
    if lack != "optional" or found.guarded:
        return None
    lacks = [(each.step, *_lack(found, each.gives)) for each in given.givers if each.gives]
    never = tuple(step for step, lack, _ in lacks if lack == "never")
    if never:
        way = next(way for _, lack, way in lacks if lack == "never")
    shown = path_text(("input", *(part for part in way if part is not None)))
    advice = f"write default({shown}, VALUE), or require the field in the input contract"
    if never:
        message = f"{_CALLED.get(key, f'the {key}')} reads {quoted(shown)}, and "
        message += f"step {quoted(never[0].id)} does not hand it over"
        return _Problem(SEVERITY, message, advice, never)
    unknown = any(each.gives is None for each in given.givers)
    if unknown or any(lack is not None for _, lack, _ in lacks):
        message = f"{quoted(shown)} may be absent: the input contract does not require it"
        return _Problem(Severity.WARNING, message, advice)
    return None


def _lack(found: Reference, contract: Contract | None) -> tuple[Lack | None, Steps]:
    """What is missing on the way of a reference, and the way up to it."""
    for length, step in enumerate(found.path, 1):
        if contract is None or step is None:
            break
        part = part_of(contract, step)
        if part.lack is not None:
            return part.lack, found.path[:length]
        contract = part.inside
    return None, ()


def _problem(
    key: str, found: Reference, given: _Given, suggestions: Suggestions
) -> _Problem | None:
    """Why a reference in a prompt, image, url or charge has no value, and what to do about it."""
    name = found.path[0] if found.path else None
    if found.root != "input":
        who = {"charges": "a charge", "images": "an image"}.get(key, f"a {key}")
        message = f"{who} reads 'input' only, not {quoted(found.root)}"
        there = isinstance(name, str) and part_of(given.contract, name).lack in (None, "optional")
        if found.root == "inputs" and there:
            advice = f"did you mean {quoted(f'input.{name}')}?"
            return _Problem(SEVERITY, message, advice, misspelt=("inputs", "input"))
        if not found.path:
            return _Problem(SEVERITY, message, "write input.NAME")
        advice = f"hand it to the agent with 'with', and read input.{found.path[-1]}"
        return _Problem(SEVERITY, message, advice)
    if not isinstance(name, str):
        return None
    part = part_of(given.contract, name)
    if part.lack == "never":
        advice = suggestions.help(name, part.known, "add it to the agent's input contract")
        near = only_near(name, part.known)
        misspelt = None if near is None else (name, near)
        message = f"the input has no field {quoted(name)}"
        return _Problem(SEVERITY, message, advice, misspelt=misspelt)
    named = any(name in giver.named for giver in given.givers)
    if part.lack != "unnamed" or found.guarded or named:
        return None
    near = suggestions.near(name, part.known)
    if near is None:
        return None
    message = f"the input contract does not name {quoted(name)}, and no step hands it over"
    return _Problem(Severity.WARNING, message, near)


def _asked_texts(plan: Plan, types: Types) -> Iterator[_Asked]:
    """Each text for people that a step makes use of; of others nobody knows the input."""
    texts: dict[Path, Template] = {}
    given: dict[Path, list[Contract]] = {}
    for step in _users(plan):
        for escalation in turned_to(step):
            for level in escalation.levels:
                if level.text is not None:
                    path = _path(level)
                    texts.setdefault(path, level.text)
                    given.setdefault(path, []).extend(_inputs_of(step, types))
    for path, text in texts.items():
        yield _Asked(text, path, tuple(given[path]))


def _users(plan: Plan) -> Iterator[StepPlan]:
    yield from callers(plan)
    yield from (step for step in plan.steps.values() if step.nested or step.question)


def _path(level: LevelPlan) -> Path:
    """Where the text of a level stands; an approval written at the tool is a level of its own."""
    if level.path[-1] == "approve":
        return (*level.path, "ask")
    return (*level.path, level.kind, "ask" if level.kind == "human" else "text")


def _inputs_of(step: StepPlan, types: Types) -> Iterator[Contract]:
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
