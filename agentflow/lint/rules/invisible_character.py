"""A key has an invisible character, or a text has one that reorders what is shown.

Two names that look alike are then different, and what a reviewer reads is not what runs. In text
that is data, such a character is a warning.

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
      wri\u200bte: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    12:6 the key holds U+200B (zero width space), which nobody sees

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

NAME = "invisible-character"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such character."""
    return context.reported(NAME)
