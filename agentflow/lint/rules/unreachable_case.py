"""A case of a switch can never be chosen by its value.

The value comes from a list of choices that does not include the label, or it is a number that its
contract does not allow to equal the label. Usually the label is misspelt, and the intended choice
goes to `default` or nowhere.

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
    steps:
      classify: {agent: classifier}
      act:
        switch: "${{ steps.classify.output.kind }}"
        cases:
          refund: {output: {desk: billing}}
          qestion: {output: {desk: support}}
        default: {output: {desk: front}}
    outputs: {desk: "${{ steps.act.output.desk }}"}

Says:

    20:7 the value is never 'qestion', only 'refund' or 'question'

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
    steps:
      classify: {agent: classifier}
      act:
        switch: "${{ steps.classify.output.kind }}"
        cases:
          refund: {output: {desk: billing}}
          question: {output: {desk: support}}
    outputs: {desk: "${{ steps.act.output.desk }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.findings import Finding, Severity
from agentflow.lint.constant_conditions import counted, decided
from agentflow.lint.macro_variables import Variables
from agentflow.lint.names import Suggestions
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context, Family
from agentflow.plan.numbers import in_range, range_of_contract
from agentflow.plan.schemas import self_contained
from agentflow.plan.steps import StepPlan
from agentflow.spec.templates import Whole
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "unreachable-case"
FAMILY = Family.GRAPH
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each label that is not among the choices, where these are known."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for step in context.plan.steps.values():
        if step.switch is None:
            continue
        yield from _by_conditions(context, step)
        labels = context.traces.labels(step.switch, step.address).known
        if labels is None:
            yield from _by_numbers(context, step)
            continue
        for label in step.cases:
            if label in labels:
                continue
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the value is never {quoted(label)}, "
                f"only {listed(map(quoted, labels), 'or')}",
                location=context.document.locate_key((*step.path, "cases", label)),
                help=suggestions.near(label, labels)
                or f"where {quoted(label)} is meant, let the value say so; otherwise take the case out",
            )


def _by_conditions(context: Context, step: StepPlan) -> Iterator[Finding]:
    """The case of a condition on numbers that these never come to."""
    node = context.document.node((*step.path, "switch"))
    if not isinstance(step.switch, Whole) or not isinstance(node, Scalar):
        return
    text, scope = node.text[step.switch.offset :], Variables(context.types, step.address)
    always = decided(context, step.switch.expr, step.address)
    for truth, label in ((True, "true"), (False, "false")):
        found = impossible(step.switch.expr, text, scope, truth=truth)
        why = found.why if found is not None else None
        if always is (not truth):
            named = counted(step.switch.expr, text)
            why = f"{'no' if truth else 'every'} value of {named} fulfils this" if named else why
        if why is not None and label in step.cases:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the value is never {quoted(label)}: {why}",
                location=context.document.locate_key((*step.path, "cases", label)),
                help="ask for what may come, or take the case out",
            )


def _by_numbers(context: Context, step: StepPlan) -> Iterator[Finding]:
    """The labels that are no number of those that the value may be."""
    assert step.switch is not None
    span = range_of_contract(self_contained(context.types.of(step.switch, step.address)))
    if span is None:
        return
    for label in step.cases:
        if not in_range(label, span):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the value is never {quoted(label)}: it is {span}",
                location=context.document.locate_key((*step.path, "cases", label)),
                help="ask for a number that may come, or take the case out",
            )
