"""A number cannot be represented in JSON.

Infinity, not-a-number and integers beyond 64 bits change or get lost in JSON, and everything that
steps pass to each other is JSON. Write a number that fits, or text in quotes.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object, properties: {size: {maximum: .inf}}}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    8:56 '.inf' is not a number that JSON can hold exactly

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object, properties: {size: {minimum: 0}}}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "bad-number"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each such number."""
    return context.reported(NAME)
