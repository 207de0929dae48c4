"""The spec names no version of the language, or one that is not known.

The meaning of a key may differ between versions, so a spec of another version would be misread.
Write `agentflow: 1`, or install the release that knows the other version.

Bad:

    agentflow: 2
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

Says:

    1:12 version 2 of the language is not known here

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
from agentflow.lint.rule import Context, Family, Fixable

NAME = "unsupported-version"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """The version."""
    return context.reported(NAME)
