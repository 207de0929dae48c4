"""An iteration reads a field of the loop's state before anything has set it.

The first iteration sees what `state` says and nothing else. A field that only `next` sets exists
from the second iteration on, so the first one fails: absence is never a value, and no counter
starts at 0 by itself. Give the field a first value in `state`.

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
          required: [verdict, advice]
          properties: {verdict: {enum: [good, poor]}, advice: {type: string}}
    steps:
      refine:
        loop:
          max: 3
          until: steps.check.output.verdict == "good"
          next: {advice: "${{ steps.check.output.advice }}"}
          steps:
            write: {agent: writer, with: {about: "${{ inputs.body }}", advice: "${{ loop.state.advice }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    32:81 'loop.state.advice' does not exist in the first iteration, only 'next' sets it

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
          required: [verdict, advice]
          properties: {verdict: {enum: [good, poor]}, advice: {type: string}}
    steps:
      refine:
        loop:
          max: 3
          state: {advice: none yet}
          until: steps.check.output.verdict == "good"
          next: {advice: "${{ steps.check.output.advice }}"}
          steps:
            write: {agent: writer, with: {about: "${{ inputs.body }}", advice: "${{ loop.state.advice }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.loop_states import entries
from agentflow.plan.uses import Use
from agentflow.spec.wording import quoted

NAME = "unset-state"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each unguarded reference to a field that `next` has and `state` has not."""
    if context.plan is None:
        return
    for each in context.loops:
        late = each.changing - entries(each.loop.state).keys()
        for use in each.own:
            part, name = (*use.reference.path, None, None)[:2]
            if part != "state" or name not in late or use.reference.guarded:
                continue
            if not _comes_later(context, use):
                yield _finding(context, use, f"loop.state.{name}")


def _comes_later(context: Context, use: Use) -> bool:
    """Does a condition make sure that the field is there, or that this is a later iteration?"""
    known = context.guards.at(use)
    asked = any("loop.index" in text for text, _ in known.facts)
    return known.instead or asked or known.exists("loop", use.reference.path[:2])


def _finding(context: Context, use: Use, shown: str) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(shown)} does not exist in the first iteration, only 'next' sets it",
        location=context.document.in_string(use.path, use.start, use.end),
        help=f"give it a first value in 'state', or write default({shown}, VALUE)",
    )
