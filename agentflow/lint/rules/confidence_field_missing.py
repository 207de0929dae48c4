"""The confidence gate of an agent reads a field that its answers need not have.

An answer without a number in that field is held back like an unsure one. If the contract does not
have the field, that is every answer; if it does not require it, every answer in which the agent
leaves it out. Add the field to the contract, and to its `required`.

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
          additionalProperties: false
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: confidence, min: 0.7}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}

Says:

    16:25 'confidence' of agent 'sorter' looks at 'confidence', which its output does not have

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
          additionalProperties: false
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

from agentflow.findings import Finding, Severity
from agentflow.lint.gates import gates
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "confidence-field-missing"
FAMILY = Family.CONFIDENCE
SEVERITY = Severity.ERROR

_WHY = {
    "never": ("does not have", Severity.ERROR),
    "unnamed": ("is not sure to have", Severity.WARNING),
    "optional": ("does not require", Severity.WARNING),
}


def check(context: Context) -> Iterator[Finding]:
    """Each gate over a field that some answers, or all, lack."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for gate in gates(context.plan):
        part, name = gate.field, gate.confidence.field
        if part.lack is None:
            continue
        why, severity = _WHY[part.lack]
        mend = f"add {quoted(name)} to 'required' of the output contract"
        if part.lack != "optional":
            mend = suggestions.help(name, part.known, "add it to the output contract")
        yield Finding(
            rule=NAME,
            severity=severity,
            message=f"'confidence' of agent {quoted(gate.agent)} looks at {quoted(name)}, "
            f"which its output {why}",
            location=gate.place(context.document, "field"),
            help=mend,
        )
