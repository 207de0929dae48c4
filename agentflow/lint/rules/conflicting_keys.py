"""A step has the keys of two kinds of step.

A step does one thing: it calls an agent, asks a person, is a switch, a group, and so on. To do two
of these, write two steps.

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
      write: {agent: writer, steps: {again: {agent: writer}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:26 step 'write' has 'agent' and 'steps'

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
      again: {agent: writer, needs: [write]}
    outputs: {letter: "${{ steps.again.output + steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "conflicting-keys"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each such step."""
    return context.reported(NAME)
