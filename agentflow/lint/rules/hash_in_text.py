"""A ` #` cuts off what was meant to be part of a text.

From there on the line is a comment, so the agent gets half a sentence. Put the whole text in
quotes.

Bad:

    agentflow: 1
    name: letters
    description: Answers ticket #12 and its like
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

    3:29 '#12 and its like' is read as a comment and not as part of the text

Good:

    agentflow: 1
    name: letters
    description: "Answers ticket #12 and its like"
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

NAME = "hash-in-text"
FAMILY = Family.SPEC
SEVERITY = Severity.WARNING
FIX = Fixable.UNSAFE


def check(context: Context) -> Iterable[Finding]:
    """Each text that was cut."""
    return context.reported(NAME)
