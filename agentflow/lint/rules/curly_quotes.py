"""A text stands in typographic quotes, which YAML does not treat as quotes.

A word processor or a chat program has replaced the plain quotes. The curly ones become part of the
text: an agent is given them, and a name that contains them is a different name. Write plain quotes.
Where such a text is not allowed, this is an error, and has a safe fix.

Bad:

    agentflow: 1
    name: letters
    description: “Answers letters”
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

    3:14 the quotes around 'Answers letters' are part of the text: YAML knows only those of ASCII

Good:

    agentflow: 1
    name: letters
    description: "Answers letters"
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

NAME = "curly-quotes"
FAMILY = Family.SPEC
SEVERITY = Severity.WARNING
FIX = Fixable.UNSAFE


def check(context: Context) -> Iterable[Finding]:
    """Each text in such quotes."""
    return context.reported(NAME)
