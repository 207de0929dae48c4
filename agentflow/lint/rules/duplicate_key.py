"""A mapping has the same key twice.

Most YAML readers silently keep the last one, so one of two steps, agents or settings is lost
without a trace. Rename one of them, or take it out.

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
      write: {agent: writer}
      write: {agent: writer, timeout: 10s}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    12:3 'write' is here twice

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
      write: {agent: writer, timeout: 10s}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "duplicate-key"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each second key."""
    return context.reported(NAME)
