"""A contract is asked for that `contracts` does not define.

What the agent takes or gives would not be checked at all.

Bad:

    agentflow: 1
    name: letters
    contracts:
      Letter: {type: string, maxLength: 4000}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: Leter
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:13 unknown contract 'Leter', did you mean 'Letter'?

Good:

    agentflow: 1
    name: letters
    contracts:
      Letter: {type: string, maxLength: 4000}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: Letter
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "unknown-contract"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each such name."""
    return context.reported(NAME)
