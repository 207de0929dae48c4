"""A loop throws away what its iterations have made.

Each iteration improves on something and hands it on in `next`. If no step, no condition and no output
reads it from there, the next iteration starts from the original again, and in the end the original is
what everybody gets.

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
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict]
          properties: {verdict: {enum: [good, poor]}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: "${{ inputs.body }}"}
          until: steps.check.output.verdict == "good"
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ inputs.body }}", round: "${{ loop.index }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ inputs.body }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    31:14 nobody reads 'loop.state.text', so what an iteration makes of it is lost
    35:20 the loop gives 'inputs.body' as it was, and nothing of what it made of it

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
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict]
          properties: {verdict: {enum: [good, poor]}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: "${{ inputs.body }}"}
          until: steps.check.output.verdict == "good"
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}", round: "${{ loop.index }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Severity
from agentflow.lint.loops import Round, lost_fields
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan
from agentflow.spec.wording import quoted

NAME = "lost-refinement"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each field of `next` that nobody reads, and each output that is the original again."""
    if context.plan is None:
        return
    for each in context.loops:
        if _is_misread(context, each):
            continue  # what cannot be read may be what reads it
        for name in lost_fields(each):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"nobody reads {quoted(f'loop.state.{name}')}, "
                "so what an iteration makes of it is lost",
                location=context.document.locate_key((*each.body.path, "next", name)),
                help="read it in a step, in 'until' or in 'output', or take it out",
            )
        yield from _original(context, context.plan, each)


def _is_misread(context: Context, each: Round) -> bool:
    """Is there anything in the loop of which it is not known what it reads?"""
    body = context.document.node(each.body.path)
    return body is not None and any(
        body.line <= place.span.line <= body.end_line and place.file == context.document.file
        for place in context.misread
    )


def _original(context: Context, plan: Plan, each: Round) -> Iterator[Finding]:
    """Does the output repeat what the loop began with, and read nothing of the loop?"""
    given = [use for use in each.uses if each.part(use) == "output"]
    if any(use in each.own or each.is_inside(use) for use in given):
        return
    state = (*each.body.path, "state")
    begun = {
        (use.reference.root, *use.reference.path)
        for use in plan.uses
        if use.path[: len(state)] == state and use.path[len(state)] in each.changing
    }
    for use in given:
        if (use.reference.root, *use.reference.path) in begun:
            path = (part for part in use.reference.path if part is not None)
            shown = quoted(path_text((use.reference.root, *path)))
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the loop gives {shown} as it was, and nothing of what it made of it",
                location=context.document.in_string(use.path, use.start, use.end),
                help="read a step of the last iteration, or 'loop.state'",
            )
