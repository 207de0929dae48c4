"""The attempts that a retry policy allows do not fit into the time of the run or the step.

No wait begins that would be cut short, and no attempt may take longer than what is left of the
limits around it: of the run (`budget.wall`), of the step, and of the steps around it (`timeout`,
`budget.wall`). So the last attempts are cut short or never made, just when they are needed. Allow
fewer attempts or shorter waits, or raise the limit.

Bad:

    agentflow: 1
    name: letters
    budget: {wall: 5m}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        timeout: 2m
        retry: {max_attempts: 3}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    14:3 3 attempts of 2m and their waits can take 6m 3s, and the run has 5m

Good:

    agentflow: 1
    name: letters
    budget: {wall: 5m}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        timeout: 90s
        retry: {max_attempts: 3}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator
from itertools import chain

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.lint.times import (
    Time,
    enclosing_times,
    own_times,
    shortest,
    time_of_run,
)
from agentflow.plan.factors import call_seconds
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Document
from agentflow.spec.durations import time_in_words

NAME = "retry-beyond-deadline"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each step whose attempts and waits can take longer than the shortest time around it.

    Only times that somebody has written count: the default is a last resort, and nobody's plan.
    """
    if context.plan is None:
        return
    for step in retried(context.document, context.plan):
        worst = call_seconds(step.call)
        first = _shortest(context.plan, step.plan)
        if step.factors.attempts == 1 or worst <= first.seconds:
            continue
        if not _is_written(context.document, step) or _is_idle(context.document, step, first):
            continue
        attempts = f"{step.factors.made} attempts of {time_in_words(step.call.timeout)}"
        if step.factors.turns > 1:
            attempts += f" in each of {step.factors.turns} turns"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{attempts} and their waits can take {time_in_words(worst)},"
            f" and {first.whose} has {time_in_words(first.seconds)}",
            location=context.document.locate_key(step.plan.path),
            help="write a shorter 'timeout', or allow for fewer attempts",
            related=(Related("the attempts are set here", context.document.locate(step.path)),),
        )


def _shortest(plan: Plan, step: StepPlan) -> Time:
    """The shortest of the times around a step, its own included."""
    found = shortest(chain(own_times(step), enclosing_times(plan, step), (time_of_run(plan),)))
    assert found is not None
    return found


def _is_written(document: Document, step: Retried) -> bool:
    """Is the time of an attempt written down?"""
    paths = ((*step.plan.path, "timeout"), ("agents", step.call.agent, "timeout"))
    return any(document.node(path) is not None for path in paths)


def _is_idle(document: Document, step: Retried, first: Time) -> bool:
    """Does even the first attempt never finish in time? For a step's own, see `idle-timeout`."""
    own = document.node((*step.plan.path, "timeout")) is not None
    return own and step.call.timeout > first.seconds
