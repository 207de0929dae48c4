"""A comment suppresses a rule that finds nothing there.

What it was for has been fixed, or has moved. If it stays, it hides the next finding of that rule,
under a reason that was given for another one. It may also just be in the wrong place, so only
`--unsafe-fixes` takes it out.

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
      # agentflow: ignore[dead-step] it will be read in the next version
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:23 'dead-step' finds nothing here that could be suppressed

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

NAME = "unused-suppression"
FAMILY = Family.SPEC
SEVERITY = Severity.WARNING
FIX = Fixable.UNSAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such name. The linter finds them, when all other findings are known."""
    return context.reported(NAME)
