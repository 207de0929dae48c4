"""An agent outputs a field that nobody reads.

It is asked for in every call, paid for if a model answers, and then forgotten. It may be a
leftover. It may also be the one that matters: a doubt, a warning, a list of sources that should
have stopped the next step or been part of the answer. Use the field, or take it out of the
contract. A field counts as read wherever a part of the pipeline gets it: alone, with the whole
output, or in a list that is passed on or iterated over. So does one that the `assert` of its step
looks at, and everything that is shown to a person who is asked about the answer.

Not reported: fields that the contract does not require, or has to name because it is closed and a
program gives them; fields of an agent that changes the world, which are a receipt; fields with only
one possible value; contracts that are also those of an input, and those that another refers to; and
texts that a chat model writes before a field that is read, since what it writes first shapes what
it writes next.

Bad:

    agentflow: 1
    name: letters
    agents:
      translator:
        kind: command
        argv: [./translate]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [text, untranslatable]
          properties:
            text: {type: string}
            untranslatable: {type: array, items: {type: string}}
    steps:
      translate: {agent: translator}
    outputs: {text: "${{ steps.translate.output.text }}"}

Says:

    14:9 nobody reads 'untranslatable', which agent 'translator' answers

Good:

    agentflow: 1
    name: letters
    agents:
      translator:
        kind: command
        argv: [./translate]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [text, untranslatable]
          properties:
            text: {type: string}
            untranslatable: {type: array, items: {type: string}}
    steps:
      translate: {agent: translator}
    outputs:
      text: "${{ steps.translate.output.text }}"
      left_as_it_was: "${{ steps.translate.output.untranslatable }}"
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from agentflow.contracts.describe import path_text
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.schemas import named_contracts, path_in_contract
from agentflow.plan.calls import callers
from agentflow.plan.schemas import Contract, values_of
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.spec.cel.references import Steps
from agentflow.spec.document import Path
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "unread-field"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ADVICE

_HARMLESS = (Effects.NONE, Effects.READ)
#: The classes of failures of a call that has answered, and the key for all classes.
_ANSWERED = ("low_confidence", "invalid_output", "any")
#: Keywords that an object has whose fields do not depend on each other.
_PLAIN = frozenset(
    {"type", "properties", "required", "additionalProperties", "title", "description", "$defs"}
)


class _Field(Struct, frozen=True):
    """A field of an output; `path` leads to it in the contract, `way` in the value."""

    path: Path
    way: tuple[str, ...]
    is_read: bool


def check(context: Context) -> Iterator[Finding]:
    """Each field that no reader of any agent with this contract reads, at its name."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    pipeline = plan.pipeline
    given = [pipeline.inputs, *(agent.input for agent in pipeline.agents.values())]
    shared = named_contracts(pipeline, given)
    read: set[Path] = set()
    unread: dict[Path, tuple[str, _Field]] = {}
    for call, reads in _reads(plan):
        start = path_in_contract(context.document, ("agents", call.agent, "output"), ())
        for field in _fields(call, reads):
            place = (*start, *field.path)
            if field.is_read or (place[0] == "contracts" and place[1] in shared):
                read.add(place)
            else:
                unread.setdefault(place, (call.agent, field))
    for place, (agent, field) in unread.items():
        if place not in read and context.document.node(place) is not None:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"nobody reads {quoted(path_text(field.way))}, "
                f"which agent {quoted(agent)} answers",
                location=context.document.locate_key(place),
                help="read it where it matters, or take it out of the contract",
            )


def _reads(plan: Plan) -> Iterator[tuple[CallPlan, list[Steps]]]:
    """A call of each agent, and what any step reads of its answers; () is the whole."""
    of_step: dict[str, list[Steps]] = {}
    asserted: dict[str, list[Steps]] = {}
    for use in plan.uses:
        if use.target is not None and use.reference.path[1:2] == ("output",):
            of_step.setdefault(use.target, []).append(use.reference.path[2:])
        elif use.reference.root == "output" and use.reader in plan.steps:
            asserted.setdefault(use.reader, []).append(use.reference.path)
    calls: dict[str, CallPlan] = {}
    of_agent: dict[str, list[Steps]] = {}
    for step in callers(plan):
        at = step.address
        if step.call is None:
            continue
        calls.setdefault(step.call.agent, step.call)
        reads = of_agent.setdefault(step.call.agent, [])
        inside = 1 if step.for_each is not None else 0
        reads += (way[inside:] for way in of_step.get(at, ()))
        reads += asserted.get(at, ())
        if step.call.reach not in _HARMLESS or at not in plan.steps:
            reads.append(())  # the results of tasks go through many hands
        if _is_shown(step):
            reads.append(())
        if step.call.confidence is not None and reads:
            reads.append((step.call.confidence.field,))
    for name, call in calls.items():
        yield call, of_agent[name]


def _is_shown(step: StepPlan) -> bool:
    """Is a person shown what was answered, who is turned to because it will not do?"""
    ladders = (step.catch[key].escalation for key in _ANSWERED if key in step.catch)
    return any(level.kind == "human" for one in ladders if one for level in one.levels)


def _fields(call: CallPlan, reads: list[Steps]) -> Iterator[_Field]:
    """The fields of an output; none if nothing of it is read, which other rules report."""
    if reads:
        schema: Schema = call.output.schema
        calls_model = hasattr(call.options, "prompt")
        yield from _inside(Contract(schema, schema), (), (), reads, calls_model)


def _inside(
    contract: Contract,
    path: Path,
    way: tuple[str, ...],
    reads: Sequence[Steps],
    calls_model: bool,
) -> Iterator[_Field]:
    """The fields of one object, and of the objects in it; `reads` are what is read of it."""
    schema = contract.schema
    if not isinstance(schema, dict) or schema.keys() - _PLAIN:
        return  # a reference may lead to a type that has more in it than one use needs
    if types_of(schema, contract.root) != {"object"}:
        return
    properties = schema.get("properties", {})
    whole = any(not steps or not isinstance(steps[0], str) for steps in reads)
    if not whole and any(steps[0] not in properties for steps in reads):
        return  # a name that the contract does not have may be meant for one that it has
    complete = not calls_model and schema.get("additionalProperties") is False
    names = {str(steps[0]) for steps in reads if steps}
    required = frozenset(schema.get("required", ()))
    last = max((n for n, name in enumerate(properties) if name in names), default=-1)
    for position, (name, part) in enumerate(properties.items()):
        inner = Contract(part, contract.root)
        inner_path, inner_way = (*path, "properties", name), (*way, name)
        working = calls_model and position < last and _is_text(inner)
        unasked = complete or name not in required
        is_read = whole or name in names or working or unasked or _is_constant(inner)
        yield _Field(inner_path, inner_way, is_read)
        if is_read:
            below = [()] if whole else [steps[1:] for steps in reads if steps[0] == name]
            yield from _inside(inner, inner_path, inner_way, below, calls_model)


def _is_text(contract: Contract) -> bool:
    return types_of(contract.schema, contract.root) <= {"string", "null"}


def _is_constant(contract: Contract) -> bool:
    values = values_of(contract)
    return values is not None and len(values) == 1
