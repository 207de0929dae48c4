"""A key, or a kind of agent or step, that the language has and this version has not.

It is refused by name, since a promise of the spec that nobody keeps is worse than none.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: a2a
        url: https://letters.example
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    5:11 agents of kind 'a2a' are not supported yet

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

NAME = "not-supported"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each such key or kind."""
    return context.reported(NAME)
