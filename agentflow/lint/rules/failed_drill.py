"""The drill showed that a failure is not handled as the spec claims.

The drill caused the failure and it ended in another way, or what the spec claims cannot happen at
all. `agentflow drill` shows the run in which this was seen. Change what handles the failure, and
drill again.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {use: "${{ json(run.id) }}"}}}
    outputs: {letter: "${{ steps.write.output }}"}
    --- # spec.drill.json
    {"format": 1, "digest": "931c5d26f915f9b8", "steps": {
      "write": {"digest": "6a21d2d07a18e1b5", "claims": {"catch.any": "broken"}}}}

Says:

    6:34 'write.catch.any' ended elsewhere in the drill

Good:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {use: "${{ json(run.id) }}"}}}
    outputs: {letter: "${{ steps.write.output }}"}
    --- # spec.drill.json
    {"format": 1, "digest": "931c5d26f915f9b8", "steps": {
      "write": {"digest": "6a21d2d07a18e1b5", "claims": {"catch.any": "held"}}}}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "failed-drill"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR
ONLY_WITH = "--drilled"


def check(context: Context) -> Iterator[Finding]:
    """Each claim of a step as it was drilled that did not hold."""
    if context.drilled is None or context.drilled.receipt is None:
        return
    from agentflow.lint.drills import discrepancies, place_of

    said = {"broken": "ended elsewhere in the drill", "dead": "was found to be out of reach"}
    for found in discrepancies(context):
        if found.claim is not None and found.status in said:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(found.claim.name)} {said[found.status]}",
                location=place_of(context, found),
                help=f"agentflow drill {context.document.file} shows the run",
            )
