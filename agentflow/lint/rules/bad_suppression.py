"""A comment looks like a suppression but does not suppress anything.

Without a reason, nobody can tell later whether the comment may be removed. With a misspelt name it
suppresses nothing. And errors of the families `spec`, `reference` and `graph`, which leave nothing
to run, cannot be suppressed. The form is `# agentflow: ignore[RULE, ...] REASON`, at the end of a
line for the findings on it, or on a line of its own for the node below. Inside a text, such as a
block behind `|`, it is part of the text; this is reported if there is a finding that it may have
been meant for.

Bad:

    agentflow: 1
    name: letters
    retries:
      # agentflow: ignore[unused-definition]
      transient: {max_attempts: 3}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}  # agentflow: ignore[cycel] it has to be one
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 the suppression has no reason
    14:47 there is no rule 'cycel'

Good:

    agentflow: 1
    name: letters
    retries:
      # agentflow: ignore[unused-definition] the next release needs it
      transient: {max_attempts: 3}
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

NAME = "bad-suppression"
FAMILY = Family.SPEC
SEVERITY = Severity.WARNING
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such comment. The linter finds them, when all other findings are known."""
    return context.reported(NAME)
