"""The attempts that a policy allows cannot all fit into the time that the run or the step has.

No wait is begun that would be cut short, and no attempt may take longer than what is left of the times around
it: of the run (`budget.wall`), of the step, of the steps that it is inside of (`timeout`, `budget.wall`). So the last attempts are cut short or never made, just when they are needed.

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
from operator import itemgetter

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import parent
from agentflow.plan.factors import call_seconds
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Document
from agentflow.spec.wording import quoted

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
        wall, whose = _shortest(context.plan, step.plan)
        if step.factors.attempts == 1 or worst <= wall or not _is_written(context.document, step):
            continue
        attempts = f"{step.factors.made} attempts of {_words(step.call.timeout)}"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{attempts} and their waits can take {_words(worst)},"
            f" and {whose} has {_words(wall)}",
            location=context.document.locate_key(step.plan.path),
            help="write a shorter 'timeout', or allow for fewer attempts",
            related=(Related("attempts", context.document.locate(step.path)),),
        )


def _shortest(plan: Plan, step: StepPlan) -> tuple[float, str]:
    """The shortest of the times around a step, in seconds, and whose it is."""
    times = [(plan.budget.wall, "the run")]
    at: str | None = step.address
    while at:
        around = plan.steps.get(at)  # a case of a switch is no step
        if around is not None:
            own = (time for time in (around.wall, around.timeout) if time is not None)
            times += [(time, quoted(around.id)) for time in own]
        at = parent(at)
    return min(times, key=itemgetter(0))


def _is_written(document: Document, step: Retried) -> bool:
    """Is the time of an attempt written down?"""
    paths = ((*step.plan.path, "timeout"), ("agents", step.call.agent, "timeout"))
    return any(document.node(path) is not None for path in paths)


def _words(amount: float) -> str:
    """`15m 3s`, in the two largest units."""
    left = round(amount, 3)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        if left >= size or (unit == "s" and not parts):
            whole = left // size if unit != "s" else left
            parts.append(f"{whole:g}{unit}")
            left -= whole * size
    return " ".join(parts[:2])
