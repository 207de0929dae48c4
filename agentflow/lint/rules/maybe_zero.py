"""A number by which something is divided may be 0.

Division by zero has no result: the expression fails, and the step with it. Only these are looked
at: an integer whose contract has a lower bound, the size of a list that may be empty, and a 0 that
`default` puts in the place of a missing number, from a step that may be skipped or an optional
field.

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
      each: "${{ 1000 / steps.weigh.output.letters }}"

Says:

    26:21 'steps.weigh.output.letters' may be 0, by which '/' has no value

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
      each: "${{ steps.weigh.output.letters > 0 ? 1000 / steps.weigh.output.letters : 0 }}"
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.doubted import Doubted
from agentflow.lint.doubts import Risk
from agentflow.lint.guards import skipping
from agentflow.lint.rule import Context, Family
from agentflow.spec.cel.syntax import Default
from agentflow.spec.wording import quoted

NAME = "maybe-zero"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each such part of an expression, unless a condition on the way speaks of it."""
    for each in context.doubted if context.plan is not None else ():
        part, stands_in = each.doubt.part, isinstance(each.doubt.part, Default)
        if each.doubt.risk is not Risk.ZERO or (stands_in and not _may_stand_in(context, each)):
            continue
        shown = each.shown(context.document)
        advice = f"ask for {shown} > 0 before, or write 'minimum: 1' in its contract"
        if isinstance(part, Default):
            start, end = part.path.start - part.start, part.path.end - part.start
            advice = f"let another number stand in, or ask has({shown[start:end]}) before"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(shown)} may be 0, {each.doubt.refused}",
            location=context.document.in_string(each.path, *each.span),
            help=advice,
        )


def _may_stand_in(context: Context, each: Doubted) -> bool:
    """May what `default` reads be absent where it stands?"""
    assert context.plan is not None
    start = each.span[0]
    uses = (use for use in context.uses_within.get(each.path, ()) if start <= use.start)
    use = min(uses, key=lambda use: use.start, default=None)
    if use is None or each.doubt.variable:
        return False
    known, step = context.guards.at(use), context.plan.steps.get(use.target or "")
    if known.instead or known.exists(use.reference.root, use.reference.path):
        return False
    if step is not None and use.reference.path[1:2] == ("output",):
        exists = known.exists("steps", (step.id, "output"))
        may_skip = step.when is not None and not context.guards.runs(step, known)
        if not exists and (may_skip or skipping(step)):
            return True
    gaps = context.traces.of_use(use).gaps
    return any(gap.lack == "optional" and not (gap.case or gap.what) for gap in gaps)
