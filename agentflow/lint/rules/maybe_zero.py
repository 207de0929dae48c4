"""A whole number by which something is divided may be 0.

Nothing is divided by zero: the expression fails, and with it the step. Only a number whose contract
says how low it may be is looked at, and the size of a list that may be empty.

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
from agentflow.lint.doubts import Risk
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "maybe-zero"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each such part of an expression, unless a condition on the way speaks of it."""
    for doubt, shown, location in context.doubts_of(Risk.ZERO):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(shown)} may be 0, {doubt.refused}",
            location=location,
            help=f"ask for {shown} > 0 before, or write 'minimum: 1' in its contract",
        )
