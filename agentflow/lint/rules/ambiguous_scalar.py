"""A plain value is a number to one YAML reader and text to another.

`0123` is 123 in YAML 1.2 and 83 in YAML 1.1; `1_000` is text here and a thousand elsewhere. Editors
and tools of both kinds will read this file. Write the number that is meant, or put the text in
quotes.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object, properties: {code: {enum: [0123]}}}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    8:54 '0123' is the number 123 here, and something else to readers of YAML 1.1

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object, properties: {code: {enum: ["0123"]}}}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "ambiguous-scalar"
FAMILY = Family.SPEC
SEVERITY = Severity.WARNING
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such value."""
    return context.reported(NAME)
