"""A whole output is passed to an agent that needs only some of its fields.

An agent should get what `with` names and nothing else. If a whole output is passed to an open
contract, the agent gets all of it, now and whatever is added to it later: a chat model reads and is
charged for what it does not need, and can be misled by it; an agent that changes the world may send
it on. The help shows text that passes only what the contract asks for.

Reported if the agent is a chat model that gets the object as it is, or changes the world.

Bad:

    agentflow: 1
    name: letters
    agents:
      reader:
        kind: command
        argv: [./read]
        effects: read
        input: {type: object}
        output:
          type: object
          required: [text, sender, iban]
          properties: {text: {type: string}, sender: {type: string}, iban: {type: string}}
      answerer:
        kind: llm
        model: openai/gpt-5-mini
        input:
          type: object
          required: [letter]
          properties:
            letter: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
    steps:
      read: {agent: reader}
      answer: {agent: answerer, with: {letter: "${{ steps.read.output }}"}}
    outputs: {answer: "${{ steps.answer.output }}"}

Says:

    24:49 'steps.read.output' is passed whole, with 'sender' and 'iban', which 'answerer.input.letter' does not name

Good:

    agentflow: 1
    name: letters
    agents:
      reader:
        kind: command
        argv: [./read]
        effects: read
        input: {type: object}
        output:
          type: object
          required: [text, sender, iban]
          properties: {text: {type: string}, sender: {type: string}, iban: {type: string}}
      answerer:
        kind: llm
        model: openai/gpt-5-mini
        input:
          type: object
          required: [letter]
          properties:
            letter: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
    steps:
      read: {agent: reader}
      answer: {agent: answerer, with: {letter: {text: "${{ steps.read.output.text }}"}}}
    outputs:
      answer: "${{ steps.answer.output }}"
      to: {name: "${{ steps.read.output.sender }}", iban: "${{ steps.read.output.iban }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.findings import Edit, Finding, Fix, Severity
from agentflow.lint.handoffs import Handoff, Handoffs, way_text
from agentflow.lint.prompts import passes_whole
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.schemas import Contract, past_references
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "whole-output"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ADVICE
FIX = Fixable.UNSAFE

_ACTING = (Effects.IDEMPOTENT, Effects.WRITE, Effects.IRREVERSIBLE)
#: Keywords that an object has whose fields do not depend on each other.
_PLAIN = frozenset(
    {"type", "properties", "required", "additionalProperties", "title", "description", "$defs"}
)


def check(context: Context) -> Iterator[Finding]:
    """Each argument that carries fields which the contract of its receiver does not name."""
    if context.plan is None:
        return
    handoffs = Handoffs(context.document, context.plan)
    for handoff in handoffs:
        if handoff.side != "input" or not handoff.field or not _matters(context, handoff):
            continue  # what is asked of all arguments together is no argument
        source = handoffs.source(handoff, ())
        if not (source.is_reference and source.text.startswith("steps.")):
            continue
        given = context.types.of(handoff.template, handoff.place)
        wanted, surplus = _sorted_out(Contract(given, given), handoff.wanted)
        if not wanted or not surplus:
            continue
        place = handoffs.place_of(source)
        target = way_text((handoff.receiver, "input", *handoff.field))
        spelt_out = ", ".join(f'{name}: "${{{{ {source.text}.{name} }}}}"' for name in wanted)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(source.text)} is passed whole, with "
            f"{listed(map(quoted, surplus), 'and')}, which {quoted(target)} does not name",
            location=place,
            help=f"write {handoff.field[0]}: {{{spelt_out}}}",
            related=handoffs.contracts(handoff, source, ())[:1],
            fix=_narrowed(context, handoff, spelt_out),
        )


def _narrowed(context: Context, handoff: Handoff, spelt_out: str) -> Fix | None:
    """The fields that may stand for the whole. Agents may rely on more than contracts name."""
    node = context.document.node(handoff.path)
    if not isinstance(node, Scalar) or node.line != node.end_line:
        return None
    return Fix(
        "hand over what the contract names", (Edit(node.span, f"{{{spelt_out}}}"),), safe=False
    )


def _matters(context: Context, handoff: Handoff) -> bool:
    """Does the agent read, or may it send on, more than its contract names?"""
    assert context.plan is not None
    call = context.plan.steps[handoff.place].call
    if call is None:
        return False
    if hasattr(call.options, "prompt"):
        return passes_whole(call.options.prompt, str(handoff.field[0]))
    return call.reach in _ACTING


def _sorted_out(given: Contract, taken: Contract) -> tuple[list[str], list[str]]:
    """The fields of an object that a contract names, and those that it only lets pass.

    Both are empty unless it is plain what to write: an object without alternatives, an open
    contract, and no field that may be absent.
    """
    producer, consumer = _plain(given), _plain(taken)
    if producer is None or consumer is None or consumer.get("additionalProperties") is False:
        return [], []
    names, asked = producer.get("properties", {}), consumer.get("properties", {})
    wanted = [name for name in names if name in asked]
    surplus = [name for name in names if name not in asked]
    if not set(wanted) <= set(producer.get("required", ())):
        return [], []
    return wanted, surplus


def _plain(contract: Contract) -> dict[str, Schema] | None:
    schema = past_references(contract)
    if not isinstance(schema, dict) or schema.keys() - _PLAIN:
        return None
    return schema if types_of(schema, contract.root) == {"object"} else None
