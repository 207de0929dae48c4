"""A value may be null where an operator, a function or a text does not take null.

A contract allows null, but the expression assumes that there is always a value. On the day that
null comes the expression fails, and the step with it. `default` does not help: null is a value, and
it is there. The same goes for the text of a prompt or a URL if a step passes on what may be null:
the call is `rejected`. A prompt that is a single expression takes null, as JSON.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 9, items: {type: string, maxLength: 400}}}
    agents:
      weigher:
        kind: command
        argv: [./weigh]
        effects: none
        input:
          type: object
          additionalProperties: false
          required: [letters]
          properties: {letters: {type: array, items: {type: string}}}
        output:
          type: object
          additionalProperties: false
          required: [grams, letters]
          properties: {grams: {type: [integer, "null"]}, letters: {type: integer, minimum: 0}}
    steps:
      weigh: {agent: weigher, with: {letters: "${{ inputs.letters }}"}}
    outputs:
      weight: "${{ steps.weigh.output.grams }} g"

Says:

    26:16 'steps.weigh.output.grams' may be null, which does not go into text

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 9, items: {type: string, maxLength: 400}}}
    agents:
      weigher:
        kind: command
        argv: [./weigh]
        effects: none
        input:
          type: object
          additionalProperties: false
          required: [letters]
          properties: {letters: {type: array, items: {type: string}}}
        output:
          type: object
          additionalProperties: false
          required: [grams, letters]
          properties: {grams: {type: [integer, "null"]}, letters: {type: integer, minimum: 0}}
    steps:
      weigh: {agent: weigher, with: {letters: "${{ inputs.letters }}"}}
    outputs:
      weight: "${{ steps.weigh.output.grams == null ? 'unknown' : string(steps.weigh.output.grams) }}"
"""

from collections.abc import Iterator

from agentflow.contracts.describe import path_text
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.agent_texts import AgentText, agent_texts
from agentflow.lint.chats import entries
from agentflow.lint.doubted import IN_TEXT
from agentflow.lint.doubts import Risk, Walk
from agentflow.lint.macro_variables import Variables
from agentflow.lint.rule import Context, Family
from agentflow.lint.written import in_text
from agentflow.plan.calls import callers
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import Contract, self_contained
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Path
from agentflow.spec.wording import quoted

NAME = "maybe-null"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each such part of an expression, unless a condition on the way speaks of it."""
    for doubt, shown, location in context.doubts_of(Risk.NULL):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(shown)} may be null, {doubt.refused}",
            location=location,
            help=f"ask for {shown} != null before: in 'when', '&&' or '? :'",
        )
    if context.plan is not None:
        for text in agent_texts(context.plan):
            yield from _in_text(context, context.plan, text)


def _in_text(context: Context, plan: Plan, each: AgentText) -> Iterator[Finding]:
    """Each part of a text of an agent that may be null, and that a step hands over as such."""
    if each.template is None:
        return
    walk = Walk(Variables(each.types(plan), ""))
    for part, path in in_text(each.template, each.path):
        for doubt in walk.value(part.expr, "does not go into text", IN_TEXT):
            way = way_of(doubt.part)[1] if isinstance(doubt.part, Path) else ()
            giver = next(
                (one for one in callers(plan) if _gives_null(context, one, each, way)), None
            )
            if doubt.risk is not Risk.NULL or giver is None:
                continue
            start, end = part.offset + doubt.part.start, part.offset + doubt.part.end
            shown = path_text(("input", *(step for step in way if step is not None)))
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(shown)} may be null, {doubt.refused}",
                location=context.document.in_string(path, start, end),
                help=f'write {shown} == null ? "none" : {shown}, or take null out of the contract',
                related=(Related("this step", context.document.locate_key(giver.path)),),
            )


def _gives_null(context: Context, step: StepPlan, to: AgentText, way: Steps) -> bool:
    """May what a step itself hands over be null there, and does no condition speak of it?"""
    call = step.call
    if call is None or call.agent != to.agent or not way:
        return False
    name, *inside = way
    given = dict(entries(call.arguments)).get(str(name))
    if given is None or not context.types.exact(given, step.address):
        return False
    found: Contract | None = self_contained(context.types.of(given, step.address))
    for key in inside:
        found = part_of(found, key).inside if found is not None and key is not None else None
    if found is None or "null" not in types_of(found.schema, found.root):
        return False
    uses = context.uses_within.get((*step.path, "with", str(name)), ())
    return found.schema not in (True, {}) and not any(map(context.guards.narrow, uses))
