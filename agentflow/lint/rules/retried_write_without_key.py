"""A retry policy covers failures after which a write may have been done, but there is no key.

After a timeout or a server error the work may have been done. A write is then repeated only if an
idempotency key lets the other side tell a repeat from new work. Without a key the step becomes
`unknown` after its first such failure, and the policy that was meant for that day does nothing.

Bad:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: command
        argv: [./refund]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      refund: {agent: refunder, retry: {max_attempts: 3}}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    11:36 'server_error' and 'timeout' are never retried: the effects of 'refund' are 'write', and it has no key

Good:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: command
        argv: [./refund]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      refund:
        agent: refunder
        idempotency_key: "${{ run.id }}/refund"
        retry: {max_attempts: 3}
    outputs: {done: "${{ steps.refund.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import is_repeatable
from agentflow.spec.model import AMBIGUOUS, ANSWERED
from agentflow.spec.wording import quoted

NAME = "retried-write-without-key"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each policy of a step with a class that its effects forbid to retry."""
    if context.plan is None:
        return
    for step in retried(context.document, context.plan):
        call = step.call
        if is_repeatable(call):
            continue
        never = [str(name) for name in step.policy.on if name in AMBIGUOUS | ANSWERED]
        if never:
            yield _finding(context, step, never)


def _finding(context: Context, step: Retried, never: list[str]) -> Finding:
    *most, last = map(quoted, sorted(never))
    names = f"{', '.join(most)} and {last} are" if most else f"{last} is"
    effects = f"the effects of {quoted(step.plan.id)} are {quoted(str(step.call.effects))}"
    declared = context.document.node(step.effects_path) is not None
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{names} never retried: {effects}, and it has no key",
        location=context.document.locate(step.path),
        help="give the step an 'idempotency_key', or declare the 'effects' that it has",
        related=(
            Related("its effects are declared here", context.document.locate(step.effects_path)),
        )
        if declared
        else (),
    )
