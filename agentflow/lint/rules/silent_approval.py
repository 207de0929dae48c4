"""Silence counts as a yes.

A step asks a person for an approval, and what follows if nobody answers is the approval. Then the
question only costs time: whatever it was to guard happens unseen, and on the day when nobody looks.
An approval is given by a person or not at all.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2h
        catch: {timeout: {use: true}}
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    8:28 if nobody answers, 'approve' is approved

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2h
        catch: {timeout: {use: false}}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.approvals import part_with_yes
from agentflow.plan.steps import Path, StepPlan
from agentflow.spec.model import Json
from agentflow.spec.templates import Constant, Template
from agentflow.spec.wording import quoted

NAME = "silent-approval"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each value that stands for an answer of a person and says yes."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.question is None:
            continue
        approval = part_with_yes(step.question.answer)
        for template, path in _instead(step):
            if approval is not None and _says(template, approval):
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"if nobody answers, {quoted(step.id)} is approved",
                    location=context.document.locate(path),
                    help="write 'fail' or 'skip', or a value that says no",
                )


def _instead(step: StepPlan) -> Iterator[tuple[Template | None, Path]]:
    """The values that may stand for the answer, with their paths."""
    for key, action in step.catch.items():
        yield action.value, (*step.path, "catch", key, "use")
        if action.escalation is not None:
            last = ("escalations", action.escalation.name, "on_exhausted", "use")
            yield action.escalation.on_exhausted.value, last


def _says(template: Template | None, approval: Json) -> bool:
    """Is this a constant that says yes, whatever else it says?"""
    if not isinstance(template, Constant):
        return False
    value = template.value
    if isinstance(approval, dict) and isinstance(value, dict):
        return all(value.get(key) is True for key in approval)
    return value is True and approval is True
