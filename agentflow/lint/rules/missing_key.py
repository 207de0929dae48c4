"""A mapping lacks a required key.

Without it, it is not known what to run, how often, or for how long. The help says what to add.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 'writer' has no 'argv', which an agent of kind 'command' needs

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

NAME = "missing-key"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each mapping that is not complete."""
    return context.reported(NAME)
