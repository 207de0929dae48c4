"""A person has longer to answer than the whole run may take.

The run's time (`budget.wall`, 24 hours where nothing is said) goes on while a question waits, also
while no process works on the run. When it is over the run fails, and what `catch.timeout` says
never comes about.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2d
        catch: {timeout: {use: false}}
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    7:14 'approve' waits 2d for its answer, and the run ends after 24h

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    budget: {wall: 3d}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2d
        catch: {timeout: {use: false}}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "wait-beyond-wall"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each human step whose time reaches beyond that of the run."""
    if context.plan is None:
        return
    wall = context.plan.budget.wall
    for step in context.plan.steps.values():
        if step.question is None or step.question.timeout < wall:
            continue
        path = (*step.path, "timeout")
        written = context.document.node(path)
        time = written.text if isinstance(written, Scalar) else f"{step.question.timeout:g} s"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=(
                f"{quoted(step.id)} waits {time} for its answer, and the run ends after "
                f"{context.plan.pipeline.budget.wall}"
            ),
            location=context.document.locate(path),
            help="give the run longer with 'budget: {wall: …}', or the person less",
        )
