"""Part of an expression has a type that its operator, function or macro does not accept.

Types never mix: text and a number cannot be added, and only a condition can be negated. According
to the contracts this part always has another type, so the expression has no value in any run that
gets to it. Nor has it if it reads an item that a list never has, or divides by zero.

What the first iteration of a loop reads has the value that `state` gives it: if text stands in for
a list there, no list can be added to it.

Bad:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        input: {type: object}
        output: {type: integer}
    steps:
      count: {agent: counter}
    outputs: {text: '${{ "words: " + steps.count.output }}'}

Says:

    12:34 after string '+' takes string, this is int

Good:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        input: {type: object}
        output: {type: integer}
    steps:
      count: {agent: counter}
    outputs: {text: '${{ "words: " + string(steps.count.output) }}'}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.first_rounds import AT_FIRST
from agentflow.lint.rule import Context, Family

NAME = "wrong-operand"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each part of an expression that cannot come to a value of the type that is needed."""
    if context.plan is None:
        return
    for each in context.operated:
        for misfit in each.always:
            location = each.located(context.document, misfit)
            yield Finding(NAME, SEVERITY, misfit.message, location, misfit.help)
    for each in context.operated_at_first:
        for misfit in each.always:
            location = each.located(context.document, misfit)
            message = f"in the first iteration, {misfit.message}"
            yield Finding(NAME, SEVERITY, message, location, AT_FIRST)
