"""A timeout is longer than the one around it, so it can never expire.

The timeout of a step, a group or a whole pipeline covers everything inside it. A longer timeout
inside is cut off by the one around it, so its `catch.timeout` never happens, and readers of the
spec expect a wait that never occurs. Make the inner timeout shorter, or the outer one longer. Of
two times that are over at the same moment the outer one counts, so the same holds for as much time
as there is around the step, where a `catch` has a word for it. Of the time of an agent that only
one step calls this is advice.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      answer:
        steps:
          write: {agent: writer, timeout: 10m, catch: {timeout: {use: "We will write to you soon."}}}
        output: "${{ steps.write.output }}"
        timeout: 5m
    outputs: {letter: "${{ steps.answer.output }}"}

Says:

    8:39 'write' has 10m (timeout), and 'answer' around it 5m (timeout)

Good:

    agentflow: 1
    name: letters
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      answer:
        steps:
          write: {agent: writer, timeout: 2m, catch: {timeout: {use: "We will write to you soon."}}}
        output: "${{ steps.write.output }}"
        timeout: 5m
    outputs: {letter: "${{ steps.answer.output }}"}
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.times import (
    Time,
    enclosing_times,
    own_times,
    shortest,
    time_of_run,
)
from agentflow.plan.calls import callers, calls_of, home_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.durations import time_in_words
from agentflow.spec.wording import quoted

NAME = "idle-timeout"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each time that is written at a step, if one around it is over before in any case."""
    plan, document = context.plan, context.document
    if plan is None:
        return
    calls = Counter(call.agent for caller in callers(plan) for call in calls_of(caller))
    for step in plan.steps.values():
        for time in _written(context, step, calls):
            first = shortest(_around(plan, step, time))
            if first is None or first.seconds > time.seconds:
                continue
            even = first.seconds == time.seconds
            if even and not _is_waited_for(step, time):
                continue
            inside = first.whose == time.whose
            whose = "all of it" if inside else f"{first.whose} around it"
            yield Finding(
                rule=NAME,
                severity=SEVERITY if time.path[0] == "steps" else Severity.ADVICE,
                message=(
                    f"{time.whose} has {time_in_words(time.seconds)} ({time.key}), and {whose}"
                    f" {'no more' if even else time_in_words(first.seconds)} ({first.key})"
                ),
                location=document.locate(time.path),
                help="it is never over: write less here, or more there",
                related=(Related("this time ends first", document.locate(first.path)),)
                if document.node(first.path) is not None
                else (),
            )


def _is_waited_for(step: StepPlan, time: Time) -> bool:
    """Is it said what follows when a time of a step is over, other than that the step fails?"""
    action = step.catch.get("timeout") or step.catch.get("any")
    return time.key == "timeout" and action is not None and action.action != "fail"


def _written(context: Context, step: StepPlan, calls: Mapping[str, int]) -> Iterator[Time]:
    """The times that are written at a step, or at the agent that nobody else calls.

    One that an agent has wherever it is called is no plan.
    """
    yield from own_times(step)
    path = (*step.path, "timeout")
    if step.question is not None:
        yield Time(step.question.timeout, quoted(step.id), "timeout", path)
    elif step.call is not None and context.document.node(path) is not None:
        yield Time(step.call.timeout, quoted(step.id), "timeout", path)
    elif step.call is not None:
        agent = step.call.agent
        path = (*home_of(step, step.call), "timeout")
        if context.document.node(path) is not None and calls[agent] == 1:
            yield Time(step.call.timeout, f"agent {quoted(agent)}", "timeout", path)


def _around(plan: Plan, step: StepPlan, time: Time) -> Iterator[Time]:
    """The times that go on around one. Of questions and the run, `wait-beyond-wall` tells."""
    own = own_times(step) if time.key == "timeout" else iter(())
    walls = (one for one in own if one.key == "budget.wall")
    run = iter(()) if step.question is not None else iter((time_of_run(plan),))
    return chain(walls, enclosing_times(plan, step), run)
