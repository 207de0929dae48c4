"""A contract is not a valid JSON Schema, or refers to something that does not exist.

A validator ignores keywords that it does not know, and may fail on malformed ones: the contract
would promise a check that never happens. Correct the schema or the reference.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: text}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    9:20 'text' is not a type

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
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "invalid-contract"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each place in a contract that is wrong."""
    return context.reported(NAME)
