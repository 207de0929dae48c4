"""Every iteration of a loop is given the same.

Nothing that its steps read changes from one iteration to the next, and the agents look at nothing
else. So a loop can only hope that the same question gets another answer. To tell the agent what was
wrong with its last answer, hand it on in `next`. With `no_progress: continue` the author counts on other
answers, and nothing is said.

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
          steps:
            write: {agent: writer, with: {about: "${{ inputs.body }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    27:5 every iteration is given the same: no step inside reads anything that changes

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
from agentflow.lint.loops import Round, is_unchanging, lost_fields
from agentflow.lint.rule import Context, Family
from agentflow.spec.yaml.nodes import Scalar

NAME = "unchanging-loop"
FAMILY = Family.BOUND
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each loop whose steps see neither its number nor a state that changes, nor the world."""
    if context.plan is None:
        return
    for each in context.loops:
        if lost_fields(each):
            continue  # what was to change is handed on, and read by nobody, which is told there
        if not _counts_on_others(context, each) and is_unchanging(each):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message="every iteration is given the same: "
                "no step inside reads anything that changes",
                location=context.document.locate_key(each.body.path),
                help="hand on in 'next' what the last iteration found, "
                "and read it from 'loop.state'",
            )


def _counts_on_others(context: Context, each: Round) -> bool:
    said = context.document.node((*each.body.path, "no_progress"))
    return isinstance(said, Scalar) and said.text == "continue"
