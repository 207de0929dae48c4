"""An assertion gives the same result for every output.

It is true of every output, and catches nothing; or of none, and fails the step whatever its agent
answers. This is so for a condition on a number, or on a sum, that all values allowed by the
contract fulfil, or none; for items of a list that are looked up in the same list; and for a value
that is compared with itself.

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
from agentflow.lint.macro_variables import Variables
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import AssertPlan, StepPlan
from agentflow.spec.cel.logic import together
from agentflow.spec.cel.syntax import Binary, Comprehension, Expr, Identifier
from agentflow.spec.document import Path
from agentflow.spec.expressions import references
from agentflow.spec.wording import quoted

NAME = "idle-assert"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each assertion that does not refer to the output, or whose condition decides nothing."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        for index, assertion in enumerate(step.asserts):
            path = (*step.path, "assert", index, "that")
            if any(found.root == "output" for found in references(assertion.that)):
                yield from _by_numbers(context, step, assertion, path)
                yield from _of_itself(context, assertion, path)
                continue
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message="this does not look at 'output', so it says the same of every answer",
                location=context.document.locate(path),
                help="compare the output with something; a condition on the step itself is 'when'",
            )


def _by_numbers(
    context: Context, step: StepPlan, assertion: AssertPlan, path: Path
) -> Iterator[Finding]:
    scope = Variables(context.types, step.address)
    for truth, so in ((True, "so every answer fails"), (False, "so it catches nothing")):
        found = impossible(assertion.that, assertion.text, scope, truth=truth, careful=not truth)
        if found is not None:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{found.why}, {so}",
                location=context.document.in_string(path, found.part.start, found.part.end),
                help="compare with a value that may come",
            )


def _of_itself(context: Context, assertion: AssertPlan, path: Path) -> Iterator[Finding]:
    """Is a value compared with itself, or an item of a list looked for in this very list?"""
    for part, holds in together(assertion.that, True):
        sides = (part.left, part.right) if isinstance(part, Binary) else ()
        texts = {assertion.text[side.start : side.end] for side in sides}
        if isinstance(part, Binary) and part.operator in ("==", "!=") and len(texts) == 1:
            fails = (part.operator == "==") != holds
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(*texts)} is compared with itself, so "
                + ("every answer fails" if fails else "it catches nothing"),
                location=context.document.in_string(path, part.start, part.end),
                help="compare it with what the step was given: 'input'",
            )
        if not (holds and isinstance(part, Comprehension) and part.macro == "all"):
            continue
        among = _looked_up(part.variable, part.body)
        itself = assertion.text[part.source.start : part.source.end]
        if among is not None and assertion.text[among.start : among.end] == itself:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"each item of {quoted(itself)} is in {quoted(itself)}, so it catches nothing",
                location=context.document.in_string(path, part.start, part.end),
                help="look it up in what the step was given: 'input'",
            )


def _looked_up(item: str, body: Expr) -> Expr | None:
    """The list in which an item is looked for: `item in list`, or `list.exists(x, x == item)`."""
    match body:
        case Binary("in", Identifier(name), among) if name == item:
            return among
        case Comprehension("exists", among, other, Binary("==", Identifier(one), Identifier(two))):
            return among if {one, two} == {item, other} else None
    return None
