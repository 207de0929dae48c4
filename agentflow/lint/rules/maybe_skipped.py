"""A step reads the output of a step that may have been skipped.

A step is skipped if its `when` is false, or if it fails and `catch` says `skip`. It then has no
output, and absence is never a value, so the step that reads it fails. Use `default(...)`,
`coalesce(...)` or `has(...)`, or the same condition.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body, urgent]
      properties: {body: {type: string}, urgent: {type: boolean}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      look_up:
        when: inputs.urgent
        agent: writer
        with: {about: "${{ inputs.body }}"}
      write:
        agent: writer
        with: {facts: "${{ steps.look_up.output }}"}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    22:24 step 'look_up' may be skipped, and has no output then

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body, urgent]
      properties: {body: {type: string}, urgent: {type: boolean}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      look_up:
        when: inputs.urgent
        agent: writer
        with: {about: "${{ inputs.body }}"}
      write:
        agent: writer
        with: {facts: '${{ default(steps.look_up.output, "none") }}'}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.guards import skipping
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "maybe-skipped"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR

#: What a step that was skipped does not have.
_MADE = (("output",), ("items",))
#: What a failed expression is caught as.
_CAUGHT_AS = ("rejected", "any")


def check(context: Context) -> Iterator[Finding]:
    """Each unguarded reference to the output of a step that may be skipped."""
    if context.plan is None:
        return
    for use in context.plan.uses:
        if use.target is None or use.reference.guarded or use.reference.path[1:2] not in _MADE:
            continue
        step = context.plan.steps[use.target]
        causes = _causes(step)
        if not causes or _is_caught(use, context.plan) or _is_misguarded(context, use):
            continue
        known = context.guards.at(use)
        if known.instead or known.exists("steps", (step.id, "output")):
            continue
        if step.when is not None and context.guards.runs(step, known):
            causes = causes[1:]
        if causes:
            shown = path_text(("steps", *(part for part in use.reference.path if part is not None)))
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"step {quoted(step.id)} may be skipped, and has no output then",
                location=context.document.in_string(use.path, use.start, use.end),
                help=f"write default({shown}, VALUE), or ask has({shown}) first",
                related=tuple(
                    Related("the step may be skipped here", context.document.locate_key(path))
                    for path in causes
                ),
            )


def _causes(step: StepPlan) -> list[Path]:
    """Where the spec says that a step may be skipped."""
    causes: list[Path] = [(*step.path, "when")] if step.when is not None else []
    return causes + [(*step.path, "catch", key) for key in skipping(step)]


def _is_misguarded(context: Context, use: Use) -> bool:
    """Is there an unreadable `when` around the reader, which may ask for the output?"""
    assert context.plan is not None
    around = (context.plan.steps.get(at) for at in enclosing(use.reader))
    return any(
        step is not None
        and step.when is None
        and context.document.node((*step.path, "when")) is not None
        for step in around
    )


def _is_caught(use: Use, plan: Plan) -> bool:
    """Does the reader, or what it is part of, say what follows if the value is missing?"""
    for at in enclosing(use.reader):
        step = plan.steps.get(at)
        if step is None or not any(
            key in step.catch and step.catch[key].action != "fail" for key in _CAUGHT_AS
        ):
            continue
        inside = use.path[len(step.path)]
        if inside == "catch" or (step.for_each is not None and inside in ("when", "for_each")):
            continue
        return True
    return False
