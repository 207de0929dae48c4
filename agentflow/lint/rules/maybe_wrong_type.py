"""A value has one of several types, and not all of them are accepted here.

A contract allows text or a number, or one case of a switch gives `yes`, which is text, and another
`false`. The expression assumes that it is always the one. On the day that the other comes it fails,
and the step with it.

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
          required: [grams]
          properties: {grams: {type: [integer, string]}}
    steps:
      weigh: {agent: weigher, with: {letters: "${{ inputs.letters }}"}}
    outputs:
      heavy: "${{ steps.weigh.output.grams > 20 }}"

Says:

    26:15 'steps.weigh.output.grams' may be string, which '>' does not take

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
          required: [grams]
          properties: {grams: {type: integer}}
    steps:
      weigh: {agent: weigher, with: {letters: "${{ inputs.letters }}"}}
    outputs:
      heavy: "${{ steps.weigh.output.grams > 20 }}"
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.doubts import Risk
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "maybe-wrong-type"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each such part of an expression, unless a condition on the way speaks of it."""
    if context.plan is None:
        return
    certain = {
        each.located(context.document, misfit)
        for each in context.operated_at_first
        for misfit in each.always
    }
    for doubt, shown, location in context.doubts_of(Risk.TYPE):
        if location not in certain:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(shown)} may be {doubt.may_be}, {doubt.refused}",
                location=location,
                help="let it be of one type where it comes from, or ask for its value before",
            )
