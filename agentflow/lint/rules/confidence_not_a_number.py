"""The field that a confidence gate reads is not a number from 0 to 1.

A gate compares a number with `min`, which is from 0 to 1. An answer with anything else in the field
is held back. If the field has no bounds, an agent may answer 85 and mean 85 %, and then every
answer passes. Declare it as a number with `minimum` 0 and `maximum` 1.

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
            sure: {enum: [low, high]}
        confidence: {field: sure, min: 0.7}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}

Says:

    15:25 'sure' of agent 'sorter' is string, a gate needs a number from 0 to 1

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

from agentflow.contracts.compat import compare
from agentflow.contracts.describe import excerpt, type_names
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Severity
from agentflow.lint.gates import Gate, gates
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "confidence-not-a-number"
FAMILY = Family.CONFIDENCE
SEVERITY = Severity.ERROR

_WANTED = {"type": "number", "minimum": 0, "maximum": 1}


def check(context: Context) -> Iterator[Finding]:
    """Each gate over a field that cannot be a number from 0 to 1, or need not be."""
    if context.plan is None:
        return
    for gate in gates(context.plan):
        found = _found(gate)
        if found is None:
            continue
        says, severity = found
        field = quoted(gate.confidence.field)
        yield Finding(
            rule=NAME,
            severity=severity,
            message=f"{field} of agent {quoted(gate.agent)} {says}, "
            "a gate needs a number from 0 to 1",
            location=gate.place(context.document, "field"),
            help=f"write {gate.confidence.field}: {{type: number, minimum: 0, maximum: 1}}",
        )


def _found(gate: Gate) -> tuple[str, Severity] | None:
    """What the field is instead, and how bad that is."""
    numbers = gate.numbers()
    if numbers is None:
        return None
    types = types_of(numbers, numbers)
    if types and "integer" not in types and "number" not in types:
        return f"is {type_names(types)}", Severity.ERROR
    verdict = compare(numbers, _WANTED)
    if verdict.violation is None:
        return None
    return f"may be {excerpt(verdict.witness)}", Severity.WARNING
