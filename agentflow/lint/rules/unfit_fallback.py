"""A fallback value has a type that cannot be used where it goes.

`default`, `coalesce` and `? :` give one of several values. If an operator or a function uses the
result, it has to accept the type of each of them: `default(steps.count.output, "none") + 1` works
until there is no count, and then the expression has no value, in the very case that the fallback
was written for.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text, long], properties: {text: {type: string}, long: {type: boolean}}}
    agents:
      counter: {kind: command, argv: [./count], effects: none, input: {type: object}, output: {type: integer}}
    steps:
      count: {when: inputs.long, agent: counter, with: {text: "${{ inputs.text }}"}}
    outputs: {pages: '${{ default(steps.count.output, "none") / 300 + 1 }}'}

Says:

    8:51 before int '/' takes int, and this is string

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text, long], properties: {text: {type: string}, long: {type: boolean}}}
    agents:
      counter: {kind: command, argv: [./count], effects: none, input: {type: object}, output: {type: integer}}
    steps:
      count: {when: inputs.long, agent: counter, with: {text: "${{ inputs.text }}"}}
    outputs: {pages: '${{ default(steps.count.output, 0) / 300 + 1 }}'}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "unfit-fallback"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each fallback value that the operator, function or macro around it cannot work with."""
    if context.plan is None:
        return
    for each in context.operated:
        for misfit in each.stand_ins:
            location = each.located(context.document, misfit)
            yield Finding(NAME, SEVERITY, misfit.message, location, misfit.help)
