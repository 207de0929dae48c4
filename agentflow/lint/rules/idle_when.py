"""A step's `when` is true in every run.

Its condition holds for every number that the contract allows, or names all possible choices
(`k != "a" || k != "b"`). So the step always runs, while readers of the spec believe that it may
not. Usually the bound is on another scale, or the comparison is the wrong way round. If it only
follows from the `when` or the case around it, this is advice: perhaps another condition was meant.

Bad:

    agentflow: 1
    name: moderation
    inputs: {type: object, required: [post], properties: {post: {type: string}}}
    agents:
      rater:
        kind: command
        argv: [./rate]
        effects: none
        input: {type: object}
        output: {type: object, required: [score], properties: {score: {type: integer, minimum: 0, maximum: 10}}}
      hider: {kind: command, argv: [./hide], effects: idempotent, input: {type: object}, output: {type: boolean}}
    steps:
      rate: {agent: rater, with: {post: "${{ inputs.post }}"}}
      hide: {when: steps.rate.output.score >= 0, agent: hider, with: {post: "${{ inputs.post }}"}}
    outputs: {score: "${{ steps.rate.output.score }}", hidden: "${{ default(steps.hide.output, false) }}"}

Says:

    14:16 'steps.rate.output.score' is 0 to 10, so 'when' is true in every run

Good:

    agentflow: 1
    name: moderation
    inputs: {type: object, required: [post], properties: {post: {type: string}}}
    agents:
      rater:
        kind: command
        argv: [./rate]
        effects: none
        input: {type: object}
        output: {type: object, required: [score], properties: {score: {type: integer, minimum: 0, maximum: 10}}}
      hider: {kind: command, argv: [./hide], effects: idempotent, input: {type: object}, output: {type: boolean}}
    steps:
      rate: {agent: rater, with: {post: "${{ inputs.post }}"}}
      hide: {when: steps.rate.output.score >= 7, agent: hider, with: {post: "${{ inputs.post }}"}}
    outputs: {score: "${{ steps.rate.output.score }}", hidden: "${{ default(steps.hide.output, false) }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.comparisons import mismatches
from agentflow.lint.conditions import constant
from agentflow.lint.constant_conditions import counted, decided, implied
from agentflow.lint.macro_variables import Variables
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.syntax import Expr

NAME = "idle-when"
FAMILY = Family.GRAPH
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each `when` on numbers that cannot be false."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.when is None:
            continue
        if constant(step.when) is True:
            message = "'when' is true in every run: it reads nothing"
            yield _finding(context, step, step.when, message)
            continue
        scope = Variables(context.types, address.parent(step.address) or "")
        found = impossible(step.when, step.when_text, scope, truth=False)
        if found is not None:
            message = f"{found.why}, so 'when' is true in every run"
            yield _finding(context, step, found.part, message)
        elif decided(context, step.when, scope.place) is True:
            named = counted(step.when, step.when_text)
            # A choice that is none is told by itself.
            if named and not any(mismatches(step.when, scope)):
                message = f"every value of {named} fulfils this, so 'when' is true in every run"
                yield _finding(context, step, step.when, message)
        elif outer := implied(context, step):
            message = f"this follows from {outer}, so it is true each time"
            yield _finding(context, step, step.when, message, Severity.ADVICE)


def _finding(
    context: Context, step: StepPlan, part: Expr, message: str, severity: Severity = SEVERITY
) -> Finding:
    return Finding(
        rule=NAME,
        severity=severity,
        message=message,
        location=context.document.in_string((*step.path, "when"), part.start, part.end),
        help="ask for what does not come every time, or take 'when' out",
    )
