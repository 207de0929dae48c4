"""The `default` of an input breaks the contract of that input.

A run that is not given the input gets the default, and is refused before its first step. Change the
default, or the contract of the input.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      properties: {words: {type: integer, minimum: 50, default: 10}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, with: {words: "${{ inputs.words }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    6:61 the default of 'words' breaks its contract: expected at least 50, found number 10

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      properties: {words: {type: integer, minimum: 50, default: 100}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, with: {words: "${{ inputs.words }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.assembly import TooLarge, self_contained
from agentflow.contracts.checker import compile_schema
from agentflow.contracts.documents import ContractError
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.schemas import path_in_contract
from agentflow.plan.inputs import with_defaults
from agentflow.spec.wording import quoted

NAME = "wrong-default"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each default that is filled in and then refused."""
    if context.plan is None:
        return
    inputs = context.plan.inputs
    for name, value in with_defaults(inputs, {}).items():
        try:
            wanted = self_contained(inputs.schema["properties"][name], inputs.schema)
            violations = compile_schema(wanted).check(value)
        except (ContractError, TooLarge):
            continue
        if violations:
            place = path_in_contract(context.document, ("inputs",), ("properties", name, "default"))
            yield Finding(
                NAME,
                SEVERITY,
                f"the default of {quoted(name)} breaks its contract: {violations[0]}",
                context.document.locate(place),
                "write a default that the contract of the input takes, or none",
            )
