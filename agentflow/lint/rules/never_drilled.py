"""The spec has no drill receipt.

How a spec handles failures is seldom seen until the day it matters. `agentflow drill` brings about
each failure that the spec handles, in virtual time and without calling anybody, and leaves a
receipt beside the spec. A spec that handles none needs no drill.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {use: Dear all}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    2:7 there is no receipt of a drill, which would be 'spec.drill.json'

Good:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "never-drilled"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR
ONLY_WITH = "--drilled"


def check(context: Context) -> Iterator[Finding]:
    """A spec that claims something and has no receipt, or none that can be read."""
    drilled = context.drilled
    if drilled is None or drilled.receipt is not None or context.plan is None:
        return
    from agentflow.drill.claims import claims_of

    if not claims_of(context.plan)[0]:
        return
    missing = f"there is no receipt of a drill, which would be {quoted(drilled.file)}"
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=drilled.problem or missing,
        location=context.document.locate(("name",)),
        help=f"run: agentflow drill {context.document.file}",
    )
