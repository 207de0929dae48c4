"""An expression reads an input that the pipeline does not have.

The contract `inputs` names everything that a run may be given. Anything else is refused when the
run starts, so the expression could never have a value. Correct the name, or add it to `inputs`.

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
      write: {agent: writer, with: {about: "${{ inputs.boddy }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    16:45 unknown input 'boddy'

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
      write: {agent: writer, with: {about: "${{ inputs.body }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.spec.wording import quoted

NAME = "unknown-input"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each `inputs.x` where the contract of the inputs leaves no room for an `x`."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    declared = context.plan.pipeline.inputs is not None
    for use in context.plan.uses:
        if use.reference.root != "inputs" or use.reference.path[:1] in ((), (None,)):
            continue
        known: tuple[str, ...] = ()
        if declared:
            trace = context.traces.of_use(use)
            if not trace.leads_nowhere or trace.gaps[0].at > 0:
                continue
            known = trace.gaps[0].known
        name = str(use.reference.path[0])
        place = context.document.in_string(use.path, use.start, use.end)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"unknown input {quoted(name)}"
            if declared
            else f"unknown input {quoted(name)}: the pipeline has no 'inputs'",
            location=place,
            help=suggestions.help(name, known, "add it to the contract under 'inputs'"),
            fix=suggestions.fix(context.document, place, name, known),
        )
