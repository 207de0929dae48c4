"""People handle a failure of this step, but not the case that its effect is unknown.

A write whose response is lost may have happened. Without an idempotency key it is not repeated;
with one it is, but in the end nobody may know either. Only a person who looks can tell what has to
be done. This step asks people about other failures, but here the question is addressed to nobody in
particular: it lies in the inbox until the time of the run is over. Handle `unknown_effect` in its
`catch`, too.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    escalations:
      desk:
        levels: [{human: {ask: "Refund ${{ input.order }} by hand?"}, within: 4h}]
        on_exhausted: fail
    agents:
      refunder:
        kind: http
        url: https://payments.example/refunds
        effects: write
        input: {type: object, required: [order], properties: {order: {type: string}}}
        output: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      refund:
        agent: refunder
        with: {order: "${{ inputs.order }}"}
        catch: {rejected: {escalate: desk}}
    outputs: {id: "${{ steps.refund.output.id }}"}

Says:

    19:5 'refund' names people for when it fails, but not for when nobody knows what it did

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    escalations:
      desk:
        levels: [{human: {ask: "Refund ${{ input.order }} by hand?"}, within: 4h}]
        on_exhausted: fail
    agents:
      refunder:
        kind: http
        url: https://payments.example/refunds
        effects: write
        input: {type: object, required: [order], properties: {order: {type: string}}}
        output: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      refund:
        agent: refunder
        with: {order: "${{ inputs.order }}"}
        catch: {rejected: {escalate: desk}, unknown_effect: {escalate: desk}}
    outputs: {id: "${{ steps.refund.output.id }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.escalations import Turn, turns
from agentflow.lint.rule import Context, Family
from agentflow.plan.failures import may_be_unknown
from agentflow.spec.wording import quoted

NAME = "unrouted-effect"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each step with a write that may be left open, and people for other failures of it."""
    if context.plan is None:
        return
    seen: set[str] = set()
    for turn in turns(context.plan):
        step = turn.step
        if step.address in seen or not _asks_people(turn) or not may_be_unknown(step):
            continue
        seen.add(step.address)
        if not {"unknown_effect", "any"} & step.catch.keys():
            message = (
                f"{quoted(step.id)} names people for when it fails, but not for when nobody knows"
                " what it did"
            )
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=message,
                location=context.document.locate_key((*step.path, "catch")),
                help=f"add 'unknown_effect: {{escalate: {turn.plan.name}}}'",
            )


def _asks_people(turn: Turn) -> bool:
    return any(level.kind == "human" for level in turn.plan.levels)
