"""A step has changed since it was drilled.

The receipt of a drill says what became of the failures that the spec handled at the time. A step
counts as changed if anything inside it, or anybody whom it calls or asks, has changed; comments,
layout, and text for models or people do not count. Changes around the steps, such as in inputs,
budgets and other steps, may still decide whether a failure is handled. Drill again.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {use: Dear all}}}
    outputs: {letter: "${{ steps.write.output }}"}
    --- # spec.drill.json
    {"format": 1, "digest": "0000000000000000", "steps": {
      "write": {"digest": "1111111111111111", "claims": {"catch.any": "held"}}}}

Says:

    6:3 'write' has changed since it was drilled

Good:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {use: Dear all}}}
    outputs: {letter: "${{ steps.write.output }}"}
    --- # spec.drill.json
    {"format": 1, "digest": "4b5cdb9ca8e456d1", "steps": {
      "write": {"digest": "9c4a06ba2673bb7e", "claims": {"catch.any": "held"}}}}
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

if TYPE_CHECKING:
    from agentflow.drill.receipt import Discrepancy

NAME = "stale-drill"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR
ONLY_WITH = "--drilled"


def check(context: Context) -> Iterator[Finding]:
    """Each step that claims something and is not what was drilled, or one finding for all else."""
    if context.drilled is None or context.drilled.receipt is None:
        return
    from agentflow.lint.drills import discrepancies, place_of

    said = {
        "changed": "has changed since it was drilled",
        "new": "has not been drilled",
        "gone": "was drilled, and handles no failure any more",
        "around": "what is around the steps has changed since they were drilled",
    }
    for found in discrepancies(context):
        if found.kind in said:
            about = f"{quoted(found.step)} " if found.step else ""
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{about}{said[found.kind]}{_named(found)}",
                location=place_of(context, found),
                help=f"run: agentflow drill {context.document.file}",
            )


def _named(found: "Discrepancy") -> str:
    """The claims that a step has now and had not, and the other way round."""
    added = f"; new: {', '.join(found.added)}" if found.added else ""
    return added + (f"; gone: {', '.join(found.lost)}" if found.lost else "")
