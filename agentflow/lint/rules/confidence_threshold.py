"""Every answer passes this confidence gate, or none can.

If `min` is not above the least value that the contract allows, the gate is open whatever the agent
answers, and only looks like a safeguard. If it is above the greatest, nothing ever passes.

Bad:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: sure, min: 0}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}

Says:

    15:36 no answer of agent 'sorter' can miss this gate: 'sure' is never below 0

Good:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: sure, min: 0.7}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}
"""

from collections.abc import Iterator

from agentflow.contracts.compat import Kind, compare
from agentflow.contracts.keywords import Schema
from agentflow.findings import Finding, Severity
from agentflow.lint.gates import gates
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "confidence-threshold"
FAMILY = Family.CONFIDENCE
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each gate whose outcome the contract has decided before."""
    if context.plan is None:
        return
    for gate in gates(context.plan):
        numbers = gate.numbers()
        if numbers is None:
            continue
        least, field = gate.confidence.min, quoted(gate.confidence.field)
        passing = {"type": "number", "minimum": least}
        verb, why, severity = "miss", "never below", Severity.WARNING
        if not _all(numbers, passing):
            if not _all(numbers, {"not": passing}) or _all(numbers, {"not": {"type": "number"}}):
                continue
            verb, why, severity = "pass", "always below", Severity.ERROR
        yield Finding(
            rule=NAME,
            severity=severity,
            message=f"no answer of agent {quoted(gate.agent)} can {verb} this gate: "
            f"{field} is {why} {least:g}",
            location=gate.place(context.document, "min"),
            help=f"write a 'min' that some values of {field} reach and others do not",
        )


def _all(numbers: Schema, wanted: Schema) -> bool:
    """Is it proved that every value of the field is as wanted?"""
    return compare(numbers, wanted).kind is Kind.COMPATIBLE
