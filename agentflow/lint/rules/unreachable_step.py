"""The `when` of a step can never be true.

It compares a value with something that is not among its choices, usually a misspelt one; or asks
for a number that its contract does not allow, or that would lie on both sides of a bound; or for
two choices at once. The conditions of what the step stands in, and of the steps whose output it
reads, are taken into account. The step is skipped in every run. A `when` that is plainly `false` is
a warning, and so is one that asks whether something is empty if its contract never allows that.

Bad:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {enum: [refund, question]}}
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      classify: {agent: classifier}
      write:
        when: steps.classify.output.kind == "refnd"
        agent: writer
    outputs: {letter: '${{ default(steps.write.output, "no letter") }}'}

Says:

    23:11 'steps.classify.output.kind' is never 'refnd', so the step never runs

Good:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {enum: [refund, question]}}
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      classify: {agent: classifier}
      write:
        when: steps.classify.output.kind == "refund"
        agent: writer
    outputs: {letter: '${{ default(steps.write.output, "no letter") }}'}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.findings import Finding, Severity
from agentflow.lint.comparisons import decisive
from agentflow.lint.conditions import constant
from agentflow.lint.constant_conditions import comes_to, counted, decided, excluded
from agentflow.lint.macro_variables import Variables
from agentflow.lint.names import Suggestions
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.syntax import Expr

NAME = "unreachable-step"
FAMILY = Family.GRAPH
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each `when` that is false, or asks for a value that cannot come."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    reading = {use.reader for use in context.plan.uses if use.path[-1] == "when"}
    for step in context.plan.steps.values():
        if step.when is None:
            continue
        if step.address not in reading:
            if constant(step.when) is False:
                yield _finding(context, step, step.when, "'when' is false in every run", None)
            continue
        place = address.parent(step.address) or ""
        scope = Variables(context.types, place)
        never = list(decisive(step.when, scope))
        for each in never:
            message = f"{each.why(step.when_text)}, so the step never runs"
            yield _finding(context, step, each.whole, message, each.advice(suggestions))
        found = impossible(step.when, step.when_text, scope, truth=True)
        empty = found or impossible(step.when, step.when_text, scope, truth=True, careful=False)
        if empty is not None and not never:
            message = f"{empty.why}, so the step never runs"
            yield _finding(
                context,
                step,
                empty.part,
                message,
                "ask for a value that may come",
                severity=SEVERITY if found is not None else Severity.WARNING,
            )
        if empty is None and not never:
            yield from _counted(context, step, step.when, place)


def _counted(context: Context, step: StepPlan, when: Expr, place: str) -> Iterator[Finding]:
    """A `when` that no combination of values fulfils, by itself or where it stands."""
    others = excluded(context, step)
    # What is false by itself is not the fault of what is around it.
    alone = bool(others) and comes_to(context, when, place) is False
    if alone or decided(context, when, place) is False:
        named = counted(when, step.when_text)
        if named:
            message = f"no value of {named} fulfils this, so the step never runs"
            yield _finding(context, step, when, message, "ask for a value that may come")
        return
    if others:
        message = f"this never holds together with {listed(others, 'and')}, so the step never runs"
        yield _finding(context, step, when, message, "ask for what may come there")


def _finding(
    context: Context,
    step: StepPlan,
    part: Expr,
    message: str,
    advice: str | None,
    severity: Severity = SEVERITY,
) -> Finding:
    return Finding(
        rule=NAME,
        severity=severity if advice else Severity.WARNING,
        message=message,
        location=context.document.in_string((*step.path, "when"), part.start, part.end),
        help=advice or "take the step out",
    )
