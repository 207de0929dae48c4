"""A retry policy can never lead to a second attempt.

It names no failure, allows only one attempt, the budget has no retries left for it, or the first
wait is longer than the run. Readers of the spec rely on a retry that never comes.

Bad:

    agentflow: 1
    name: letters
    budget: {retries: 0}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        retry: {max_attempts: 3}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    9:12 never retried: the run has no retries (budget.retries)

Good:

    agentflow: 1
    name: letters
    budget: {retries: 10}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        retry: {max_attempts: 3}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.policies import Retried, with_policies
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import BudgetPlan
from agentflow.spec.document import Document
from agentflow.spec.model import seconds
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Scalar

NAME = "retry-never-happens"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each policy that is used by a step and does nothing."""
    if context.plan is None:
        return
    for step in with_policies(context.document, context.plan):
        if step.policy.max_attempts > 1:
            why = _why(step, context.plan.budget)
        else:
            why = _why_once(context.document, step)
        if why is not None:
            message, advice = why
            place = context.document.locate(step.path)
            yield Finding(NAME, SEVERITY, f"never retried: {message}", place, advice)


def _why_once(document: Document, step: Retried) -> tuple[str, str] | None:
    """Does a policy of one attempt say how to retry? Without that, it just rules retries out."""
    node = document.node(step.path)
    if isinstance(node, Scalar):
        node = document.node(("retries", node.text))
    written = node.entries if isinstance(node, Mapping) else {}
    key = next((key for key in ("on", "backoff") if key in written), None)
    if key is None:
        return None
    advice = f"raise 'max_attempts', or leave {quoted(key)} out"
    return f"{quoted(key)} is about further attempts, and 'max_attempts' is 1", advice


def _why(step: Retried, budget: BudgetPlan) -> tuple[str, str] | None:
    if not step.policy.on:
        return "'on' names no failure", "leave 'on' out, or name the failures"
    if budget.bounds.get("retries") == 0:
        return "the run has no retries (budget.retries)", "raise it, or take the policy out"
    backoff = step.policy.backoff
    first = min(seconds(backoff.initial), seconds(backoff.max))
    if backoff.jitter == "none" and first >= budget.wall:
        return "the first wait is as long as the run (budget.wall)", "wait for a shorter time"
    return None
