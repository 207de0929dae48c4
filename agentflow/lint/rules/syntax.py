"""The file is not YAML, not text, or not a single mapping.

Nothing can be read from it with certainty, so nothing else is checked. Most such errors are one of
a dozen slips, such as an unclosed quote or a colon in plain text, and the message names the slip.

Bad:

    agentflow: 1
    name: letters
    description: Writes letters: short ones.
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

    3:14 text with ': ' in it has to be in quotes

Good:

    agentflow: 1
    name: letters
    description: "Writes letters: short ones."
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

NAME = "syntax"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """What keeps the file from being read."""
    return context.reported(NAME)
