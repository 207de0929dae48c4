"""A name is not valid.

Names of steps, agents and policies are used in expressions, in addresses and in the log. So they
consist of lower-case letters, digits and `_`; names of contracts are capitalized: `RefundRequest`.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write-letter: {agent: writer}
    outputs: {letter: "${{ steps.write_letter.output }}"}

Says:

    11:3 'write-letter' cannot be a name: expected lower-case letters, digits and '_', at most 63, a letter first

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write_letter: {agent: writer}
    outputs: {letter: "${{ steps.write_letter.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "bad-name"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each such name."""
    return context.reported(NAME)
