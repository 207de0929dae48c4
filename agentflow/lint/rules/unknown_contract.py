"""A contract is named that `contracts` does not define.

The input or output of the agent would not be checked at all. Correct the name, or define the
contract under `contracts`.

Bad:

    agentflow: 1
    name: letters
    contracts:
      Letter: {type: string, maxLength: 4000}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: Leter
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:13 unknown contract 'Leter'

Good:

    agentflow: 1
    name: letters
    contracts:
      Letter: {type: string, maxLength: 4000}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: Letter
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from msgspec.structs import replace

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.spec.fixes import renamed

NAME = "unknown-contract"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each such name."""
    known = context.pipeline.contracts if context.pipeline is not None else {}
    for finding in context.reported(NAME):
        span = finding.location.span
        name = context.document.between(span.line, span.column, span.end_column).strip("'\"")
        yield replace(finding, fix=renamed(context.document, finding.location, name, known))
