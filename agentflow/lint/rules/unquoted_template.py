"""YAML reads `{x}` as a mapping where text was meant.

The agent gets `{"x": null}` for its instructions. This slip was found unnoticed in several
published pipelines. Put the text in quotes.

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
      write: {agent: writer, with: {to: {customer}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:37 YAML reads '{customer}' as a mapping with the key 'customer' and no value

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
      write: {agent: writer, with: {to: "{customer}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "unquoted-template"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such mapping."""
    return context.reported(NAME)
