"""The inputs of a test break the contract of the pipeline's inputs.

A run with these inputs would be refused before its first step. The test cannot pass; give it inputs
that satisfy the contract.

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

    20:14 test 'to_ada' gives an input 'nmae' that there is not

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

import re
from collections.abc import Iterator, Mapping

from agentflow.contracts.violations import Violation
from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.inputs import with_defaults
from agentflow.spec.document import Path
from agentflow.spec.model import PipelineTest
from agentflow.spec.wording import quoted

NAME = "wrong-test-inputs"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each test that no run could begin like."""
    if context.plan is None:
        return
    inputs, suggestions = context.plan.inputs, Suggestions()
    for name, script in context.plan.scripts.items():
        violations = inputs.checker.check(with_defaults(inputs, script.inputs))
        if not violations or _is_like_none(context.plan.pipeline.tests, name):
            continue
        unknown = list(_unknown(context, name, suggestions))
        yield from unknown or [_broken(context, name, violations[0])]


def _is_like_none(tests: Mapping[str, PipelineTest], name: str) -> bool:
    """Is a test like one that does not exist, with unknown inputs? Another rule reports that."""
    seen = set[str]()
    while name in tests and name not in seen:
        seen.add(name)
        like = tests[name].like
        if like is None:
            return False
        name = like
    return True


def _unknown(context: Context, test: str, suggestions: Suggestions) -> Iterator[Finding]:
    """The inputs of a test itself that the contract does not let in."""
    assert context.plan is not None
    schema = context.plan.inputs.schema
    names = list(schema.get("properties", {}))
    if schema.get("additionalProperties") is not False or "patternProperties" in schema:
        return
    for given in context.plan.pipeline.tests[test].inputs:
        if given not in names:
            place = context.document.locate_key(("tests", test, "inputs", given))
            yield Finding(
                NAME,
                SEVERITY,
                f"test {quoted(test)} gives an input {quoted(given)} that there is not",
                place,
                suggestions.help(given, names, "take it out"),
                fix=suggestions.fix(context.document, place, given, names),
            )


def _broken(context: Context, name: str, violation: Violation) -> Finding:
    assert context.plan is not None
    test = context.plan.pipeline.tests[name]
    path: Path = ("tests", name, "inputs") if test.inputs else ("tests", name)
    field = re.match(r"\w*", violation.path)
    if field is not None and field[0] in test.inputs:
        path = (*path, field[0])
    return Finding(
        NAME,
        SEVERITY,
        f"the inputs of test {quoted(name)} break the contract: {violation}",
        context.document.locate(path) if test.inputs else context.document.locate_key(path),
        "the contract stands under 'inputs'",
    )
