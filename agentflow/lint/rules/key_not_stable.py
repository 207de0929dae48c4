"""An idempotency key depends on the attempt, the time or chance.

Every attempt would have a key of its own, and the other side would do the work once for each of
them. A key has to identify the piece of work: it is computed once, before the first attempt, and
sent again with every repeat. Build it from the input.

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
      refund:
        agent: refunder
        idempotency_key: "${{ run.id }}/${{ run.attempt }}"
        retry: {max_attempts: 3}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    13:41 a key with 'attempt' in it is another one in every attempt

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

from agentflow.findings import Finding, Severity
from agentflow.lint.keys import passing
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "key-not-stable"
FAMILY = Family.RETRY
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each reference in a key to what differs between attempts."""
    if context.plan is None:
        return
    for use in context.plan.uses:
        word = passing(context.plan, use)
        if word is not None:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"a key with {quoted(word)} in it is another one in every attempt",
                location=context.document.in_string(use.path, use.start, use.end),
                help="name the piece of work: run.id, and what tells this one from others",
            )
