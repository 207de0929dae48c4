"""A value has another type than expected, or is out of range.

A number in quotes is text, `10` is no duration, and `yes` is no boolean in YAML 1.2. A guess would
be right most of the time, and silently wrong otherwise. So nothing is guessed; if it is clear what
was meant, `--fix` writes it.

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
      write: {agent: writer, timeout: 30}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:35 expected a duration such as 30s, found number 30

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

NAME = "wrong-type"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such value."""
    return context.reported(NAME)
