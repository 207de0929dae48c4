"""The inputs of a test break the contract of the pipeline's inputs.

No run could begin with them: it would be refused before the first step.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [name]
      properties: {name: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, with: {name: "${{ inputs.name }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      to_ada:
        inputs: {nmae: Ada}
        answers: {write: {value: Dear Ada}}

Says:

    20:13 the inputs of test 'to_ada' break the contract: missing 'name'

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [name]
      properties: {name: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, with: {name: "${{ inputs.name }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      to_ada:
        inputs: {name: Ada}
        answers: {write: {value: Dear Ada}}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.inputs import with_defaults
from agentflow.spec.wording import quoted

NAME = "wrong-test-inputs"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each test that no run could begin like."""
    if context.plan is None:
        return
    inputs = context.plan.inputs
    for name, script in context.plan.scripts.items():
        violations = inputs.checker.check(with_defaults(inputs, script.inputs))
        if not violations:
            continue
        test = context.plan.pipeline.tests[name]
        path = ("tests", name, "inputs") if test.inputs else ("tests", name)
        yield Finding(
            NAME,
            SEVERITY,
            f"the inputs of test {quoted(name)} break the contract: {violations[0]}",
            context.document.locate(path) if test.inputs else context.document.locate_key(path),
            "the contract stands under 'inputs'",
        )
