"""Arithmetic fails for some of the numbers that the contracts allow.

As in CEL, ints and doubles do not mix: two ints can be added, and two doubles, but not an int and a
double. The contract of one side says `number`, and a JSON number is an int if it has no fraction
and a double if it has one. So the expression works for 3 and fails for 2.5, or the other way round,
whenever the first such number comes. Comparisons are not affected: they take both.

Bad:

    agentflow: 1
    name: discount
    inputs: {type: object, required: [price], properties: {price: {type: number}}}
    agents:
      seller:
        kind: command
        argv: [./sell]
        effects: write
        input: {type: object, required: [price], properties: {price: {type: number}}}
        output: {type: string}
    steps:
      sell:
        agent: seller
        with: {price: "${{ inputs.price / 2 }}"}
    outputs: {receipt: "${{ steps.sell.output }}"}

Says:

    14:24 '/' takes two ints or two doubles, and a number may be either

Good:

    agentflow: 1
    name: discount
    inputs: {type: object, required: [price], properties: {price: {type: number}}}
    agents:
      seller:
        kind: command
        argv: [./sell]
        effects: write
        input: {type: object, required: [price], properties: {price: {type: number}}}
        output: {type: string}
    steps:
      sell:
        agent: seller
        with: {price: "${{ double(inputs.price) / 2.0 }}"}
    outputs: {receipt: "${{ steps.sell.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "mixed-numbers"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each calculation of which the contracts leave open whether it mixes ints and doubles."""
    if context.plan is None:
        return
    for each in context.operated:
        for mixture in each.sometimes:
            location = each.located(context.document, mixture)
            yield Finding(NAME, SEVERITY, mixture.message, location, mixture.help)
