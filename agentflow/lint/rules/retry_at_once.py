"""Retries follow without a pause, or those of many items happen all at the same time.

An overloaded service is asked again while it is still overloaded. If the waits between all attempts
add up to next to nothing, the attempts are used up within a moment, and for nothing. If `jitter` is
`none`, the items of a list that failed together are retried together.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        retry: {max_attempts: 5, backoff: {initial: 10ms, factor: 1}}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    8:49 5 attempts are made within a moment: the waits between them come to 40ms at most

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        retry: {max_attempts: 5, backoff: {initial: 500ms}}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.factors import backoffs
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import FailureClass
from agentflow.spec.wording import quoted

NAME = "retry-at-once"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING

#: Failures of others that time may mend.
_OVERLOADED = frozenset(
    {FailureClass.RATE_LIMITED, FailureClass.SERVER_ERROR, FailureClass.NOT_SENT}
)
#: Seconds in which nothing is mended.
_MOMENT = 0.1
#: So many at the same time are a crowd.
_CROWD = 4


def check(context: Context) -> Iterator[Finding]:
    """Each policy without a wait, and each whose waits are the same for a crowd of items."""
    if context.plan is None:
        return
    seen: set[Path] = set()
    for step in retried(context.document, context.plan):
        if step.factors.attempts == 1 or not _OVERLOADED & set(step.policy.on):
            continue
        found = _mistake(context.plan, step)
        if found is None:
            continue
        key, severity, message, advice, crowd = found
        path = _backoff(context.document, step)
        place = next((at for at in ((*path, key), path) if context.document.node(at)), step.path)
        if place in seen:
            continue
        seen.add(place)
        yield Finding(
            rule=NAME,
            severity=severity,
            message=message,
            location=context.document.locate(place),
            help=advice,
            related=tuple(
                Related(
                    "this step retries at the same time", context.document.locate_key(each.path)
                )
                for each in (crowd,)
                if each is not None
            ),
        )


def _mistake(plan: Plan, step: Retried) -> tuple[str, Severity, str, str, StepPlan | None] | None:
    """The key to change, how bad it is, what to say of it, what to do, and the list it is about."""
    waits = sum(backoffs(step.call))
    if waits < _MOMENT:
        message = (
            f"{step.factors.attempts} attempts are made within a moment: the waits between them"
        )
        advice = "wait longer, as in 'initial: 1s', or leave 'backoff' out for that"
        return "initial", SEVERITY, f"{message} come to {waits * 1000:g}ms at most", advice, None
    crowd = _crowd(plan, step.plan) if step.policy.backoff.jitter == "none" else None
    if crowd is None:
        return None
    message = f"all items of {quoted(crowd.id)} that fail together are tried again together"
    return "jitter", Severity.ADVICE, message, "leave 'jitter' out: 'full' is the default", crowd


def _crowd(plan: Plan, step: StepPlan) -> StepPlan | None:
    """The list that the step is gone over for, if many of its items may be at work at a time."""
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        each = around.for_each if around is not None else None
        if each is not None and min(each.max, each.parallel or each.max) >= _CROWD:
            return around
    return None


def _backoff(document: Document, step: Retried) -> Path:
    """Where the waits of a policy are written, which may be under `retries`."""
    named = document.node(step.path)
    name = getattr(named, "text", None)
    return ("retries", name, "backoff") if isinstance(name, str) else (*step.path, "backoff")
