"""An assertion does not look at the output that it is about.

It is true of every output or of none, so it catches nothing, or fails the step whatever its agent
answers.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write:
        agent: writer
        with: {about: "${{ inputs.body }}"}
        assert: [{that: size(inputs.body) < 4000, message: the letter is too long}]
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    19:21 this does not look at 'output', so it says the same of every answer

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write:
        agent: writer
        with: {about: "${{ inputs.body }}"}
        assert: [{that: size(output) < 4000, message: the letter is too long}]
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.expressions import references

NAME = "idle-assert"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each assertion without a reference to the output."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        for index, assertion in enumerate(step.asserts):
            if any(found.root == "output" for found in references(assertion.that)):
                continue
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message="this does not look at 'output', so it says the same of every answer",
                location=context.document.locate((*step.path, "assert", index, "that")),
                help="compare the output with something; a condition on the step itself is 'when'",
            )
