"""A comma cuts off what was meant to be part of a text.

In `{ }`, a comma ends text that has no quotes. What follows is read as a key without a value: half
of the text is lost, and there is a key that nobody wanted. Put the text in quotes. Where such a key
is not allowed, this is an error.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string, description: the letter, and nothing else}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    9:53 'and nothing else' is read as a key: the ',' before it ends the text in { }

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string, description: "the letter, and nothing else"}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "comma-in-text"
FAMILY = Family.SPEC
SEVERITY = Severity.WARNING
FIX = Fixable.UNSAFE


def check(context: Context) -> Iterable[Finding]:
    """Each text that was cut."""
    return context.reported(NAME)
