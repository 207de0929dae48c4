"""An expression cannot be parsed.

Expressions are a subset of CEL, the Common Expression Language. Text in `${{ }}` that cannot be
parsed is not passed on as text: the agent would get the formula instead of its value. A condition
(`when`, `until`, `that`) is an expression already, without `${{ }}` around it.

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
      write: {agent: writer, with: {urgent: "${{ run.id === 'x' }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:53 '===' means nothing here

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
      write: {agent: writer, with: {urgent: "${{ run.id == 'x' }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "expression-syntax"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each such expression."""
    return context.reported(NAME)
