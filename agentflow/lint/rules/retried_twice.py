"""Two layers retry the same call, each without knowing of the other.

Examples are a program that retries by itself (`curl --retry 5`) under a policy that retries too,
and a loop whose iterations all get the same input around a step with a policy. The numbers of
attempts multiply, and so do the waits. Nobody sees what happens in the inner layer, and a budget
for retries counts only the outer one. Keep one of the two.

Bad:

    agentflow: 1
    name: prices
    agents:
      fetcher:
        kind: command
        argv: [curl, --silent, --retry, "5", "https://prices.example/today"]
        effects: read
        timeout: 30s
        retry: {max_attempts: 4}
        input: {type: object}
        output: {type: object, required: [price], properties: {price: {type: number}}}
    steps:
      fetch: {agent: fetcher}
    outputs: {price: "${{ steps.fetch.output.price }}"}

Says:

    9:12 the program of 'fetcher' tries 6 times by itself, and the policy of 'fetch' 4 times: 24 in all

Good:

    agentflow: 1
    name: prices
    agents:
      fetcher:
        kind: command
        argv: [curl, --silent, "https://prices.example/today"]
        effects: read
        timeout: 30s
        retry: {max_attempts: 4}
        input: {type: object}
        output: {type: object, required: [price], properties: {price: {type: number}}}
    steps:
      fetch: {agent: fetcher}
    outputs: {price: "${{ steps.fetch.output.price }}"}
"""

import re
from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.loops import Round, is_unchanging, lost_fields
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.calls import plans_within
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.wording import quoted

NAME = "retried-twice"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING

#: Options by which programs are told how often to try; of those the first attempt is counted apart.
_AGAIN = re.compile(r"--(?:max-)?(?:retry|retries|reruns)(?:=(\d+))?")
_IN_ALL = re.compile(r"--(?:max-)?(?:tries|attempts)(?:=(\d+))?")


def check(context: Context) -> Iterator[Finding]:
    """Each policy above a program that tries again by itself, or below a loop that is one more."""
    if context.plan is None:
        return
    # Where an iteration hands on what nobody reads, that is what to mend.
    again = [each for each in context.loops if is_unchanging(each) and not lost_fields(each)]
    told: set[str] = set()
    for each in retried(context.document, context.plan):
        if each.call.agent not in told:
            told.add(each.call.agent)
            yield from _by_itself(context, each)
        yield from _in_loop(context, each, again)
    for step in context.plan.steps.values() if again else ():
        yield from _other_pipeline(context, step, again)


def _by_itself(context: Context, each: Retried) -> Iterator[Finding]:
    argv = getattr(each.call.options, "argv", None) or []
    for index, word in enumerate(argv):
        for pattern, first in ((_AGAIN, 1), (_IN_ALL, 0)):
            found = pattern.fullmatch(word)
            number = found and (found[1] or "".join(argv[index + 1 : index + 2]))
            if not number or not number.isdigit() or int(number) + first < 2:
                continue
            own, attempts = int(number) + first, each.factors.attempts
            at = ("agents", each.call.agent, "argv", index)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the program of {quoted(each.call.agent)} tries {own} times by itself, and the"
                f" policy of {quoted(each.plan.id)} {attempts} times: {own * attempts} in all",
                location=context.document.locate(each.path),
                help="leave it to one of them: the policy is the one that is seen and counted",
                related=(
                    Related("the program is told to retry here", context.document.locate(at)),
                ),
            )


def _in_loop(context: Context, each: Retried, again: list[Round]) -> Iterator[Finding]:
    around = [one for one in again if one.body.address in enclosing(each.plan.address)]
    attempts = each.factors.attempts
    if around and attempts > 1:
        most = around[0].loop.max
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(around[0].step.id)} goes round {most} times with the same, and the"
            f" policy of {quoted(each.plan.id)} tries {attempts} times in each: {most * attempts} in all",
            location=context.document.locate(each.path),
            help="leave it to one of them, or let the iterations be given what the last one found",
            related=(
                Related("the loop is here", context.document.locate_key(around[0].body.path)),
            ),
        )


def _other_pipeline(context: Context, step: StepPlan, again: list[Round]) -> Iterator[Finding]:
    """A pipeline inside of such a loop, whose own steps are retried."""
    around = [one for one in again if one.body.address in enclosing(step.address)]
    if step.nested is None or not around:
        return
    most = max(map(_most_attempts, plans_within(step.nested.plan)), default=1)
    if most > 1:
        rounds = around[0].loop.max
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(around[0].step.id)} runs {quoted(step.id)} {rounds} times with the same,"
            f" which tries {most} times by itself: {rounds * most} in all",
            location=context.document.locate_key(step.path),
            help="leave it to one of them, or let the iterations be given what the last one found",
            related=(
                Related("the loop is here", context.document.locate_key(around[0].body.path)),
            ),
        )


def _most_attempts(plan: Plan) -> int:
    calls = (step.call for step in plan.steps.values() if step.call is not None)
    return max((call.retry.max_attempts for call in calls if call.retry is not None), default=1)
