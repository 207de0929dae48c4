"""The spec uses an anchor, an alias, a merge key or a tag, which the language does not have.

They make a value stand in one place and act in another, let a short file expand without bound, and
in some readers let a text call code. Give what is needed twice a name instead: as a contract, a
model, a retry policy or an agent.

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
      write: {agent: writer, timeout: &patience 30s}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:35 anchors ('&patience') are not part of the language

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
      write: {agent: writer, timeout: 30s}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "anchor-or-tag"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each one in the file."""
    return context.reported(NAME)
