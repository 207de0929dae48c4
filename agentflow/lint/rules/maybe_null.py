"""Null may come to where an operator, a function or text takes none.

A contract allows for null, and the expression goes on as if there were always a value. On the day
that null comes the expression fails, and with it the step. `default` is no help: null is a value,
and it is there.

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

from agentflow.findings import Finding, Severity
from agentflow.lint.doubts import Risk
from agentflow.lint.rule import Context, Family
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
