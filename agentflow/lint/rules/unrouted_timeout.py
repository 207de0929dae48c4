"""A step asks a person, but does not say what happens if nobody answers.

People are on holiday, on the phone, asleep. Whether silence means no, later or never mind is a
decision of the author and not of a default: `catch.timeout` is mandatory on a human step.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2h
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    5:3 'approve' does not say what follows if nobody answers within 2h

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2h
        catch: {timeout: fail}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "unrouted-timeout"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each human step whose `catch` has neither `timeout` nor `any`."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.question is None or "timeout" in step.catch or "any" in step.catch:
            continue
        written = context.document.node((*step.path, "timeout"))
        time = written.text if isinstance(written, Scalar) else ""
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(step.id)} does not say what follows if nobody answers within {time}",
            location=context.document.locate_key(step.path),
            help="write 'catch: {timeout: fail}', or skip, or {use: VALUE}",
        )
