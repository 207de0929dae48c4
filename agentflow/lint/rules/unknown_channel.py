"""A question or notice goes to a channel that does not exist.

Nobody would ever see the question, and the run would wait for an answer to it. Name a channel that
is defined under `channels`, or `inbox` or `console`.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}, channel: inbx}
        timeout: 2h
        catch: {timeout: fail}
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    6:83 unknown channel 'inbx'

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}, channel: inbox}
        timeout: 2h
        catch: {timeout: fail}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.channels import named_channels
from agentflow.spec.model import BUILT_IN_CHANNELS
from agentflow.spec.wording import quoted

NAME = "unknown-channel"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each message whose channel is not known."""
    if context.plan is None:
        return
    known = (*BUILT_IN_CHANNELS, *context.plan.pipeline.channels)
    suggestions = Suggestions()
    for path, name in named_channels(context.plan):
        if name not in known:
            place = context.document.locate(path)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"unknown channel {quoted(name)}",
                location=place,
                help=suggestions.help(name, known, "name one that exists"),
                fix=suggestions.fix(context.document, place, name, known),
            )
