"""Part of an expression has a type that its operator, function or macro does not accept.

Types never mix: text and a number have no sum, and only a condition can be negated. The contracts
say that this part is of another type whatever comes, so the expression has no value in any run
that comes to it. An item that a list never has, and a division by zero, have none either.

What the first iteration of a loop reads has the value that `state` gives it: a list is not added to
the text that stands in for it there.

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
