"""A timeout is longer than the one around it, so it can never expire.

The timeout of a step, a group or a whole pipeline covers everything inside it. A longer timeout
inside is cut off by the one around it, so its `catch.timeout` never happens, and readers of the
spec expect a wait that never occurs. Make the inner timeout shorter, or the outer one longer. If
both expire at the same moment the outer one counts, so an equal timeout is reported too if there is
a `catch` for it. For the timeout of an agent this is advice, given once for all agents in one
group; if several steps call the agent, only the time of the run counts.

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

from collections.abc import Iterator, Sequence
from itertools import chain

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.times import (
    Time,
    callers_of_agents,
    enclosing_times,
    own_times,
    shortest,
    time_of_run,
)
from agentflow.plan.calls import home_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Document, Path
from agentflow.spec.durations import time_in_words
from agentflow.spec.wording import quoted

NAME = "idle-timeout"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each time that is written at a step, if one around it is over before in any case.

    What an agent has wherever it is called is no plan for a step: that is held against the run only.
    """
    plan, document = context.plan, context.document
    if plan is None:
        return
    calls = callers_of_agents(plan)
    told: set[Path] = set()
    of_agents: dict[Path, list[tuple[Time, Time]]] = {}
    for step in plan.steps.values():
        for time in _written(context, step):
            of_agent = time.path[0] != "steps"
            anywhere = of_agent and step.call is not None and calls[step.call.agent] > 1
            first = time_of_run(plan) if anywhere else shortest(_around(plan, step, time))
            if first is None or first.seconds > time.seconds or time.path in told:
                continue
            if first.seconds == time.seconds and (anywhere or not _is_waited_for(step, time)):
                continue
            told.add(time.path)
            if of_agent:
                of_agents.setdefault(first.path, []).append((time, first))
            else:
                yield _finding(document, time, first, SEVERITY)
    for times in of_agents.values():
        (time, first), *others = sorted(times, key=lambda each: document.locate(each[0].path).span)
        yield _finding(document, time, first, Severity.ADVICE, [other for other, _ in others])


def _finding(
    document: Document, time: Time, first: Time, severity: Severity, others: Sequence[Time] = ()
) -> Finding:
    """That one time is over before another, and with it those of `others`."""
    whose = "all of it" if first.whose == time.whose else f"{first.whose} around it"
    no_more = "no more" if first.seconds == time.seconds else time_in_words(first.seconds)
    over = [Related("this time ends first", document.locate(first.path))]
    as_well = [
        Related(
            f"never over either: {each.whose} has {time_in_words(each.seconds)}",
            document.locate(each.path),
        )
        for each in others
    ]
    return Finding(
        rule=NAME,
        severity=severity,
        message=(
            f"{time.whose} has {time_in_words(time.seconds)} ({time.key}), and {whose}"
            f" {no_more} ({first.key})"
        ),
        location=document.locate(time.path),
        help="it is never over: write less here, or more there",
        related=(*(over if document.node(first.path) is not None else ()), *as_well),
    )


def _is_waited_for(step: StepPlan, time: Time) -> bool:
    """Is it said what follows when a time of a step is over, other than that the step fails?"""
    action = step.catch.get("timeout") or step.catch.get("any")
    return time.key == "timeout" and action is not None and action.action != "fail"


def _written(context: Context, step: StepPlan) -> Iterator[Time]:
    """The times that are written at a step, or at its agent."""
    yield from own_times(step)
    path = (*step.path, "timeout")
    if step.question is not None:
        yield Time(step.question.timeout, quoted(step.id), "timeout", path)
    elif step.call is not None and context.document.node(path) is not None:
        yield Time(step.call.timeout, quoted(step.id), "timeout", path)
    elif step.call is not None:
        agent = step.call.agent
        path = (*home_of(step, step.call), "timeout")
        if context.document.node(path) is not None:
            yield Time(step.call.timeout, f"agent {quoted(agent)}", "timeout", path)


def _around(plan: Plan, step: StepPlan, time: Time) -> Iterator[Time]:
    """The times that go on around one. Of questions and the run, `wait-beyond-wall` tells."""
    own = own_times(step) if time.key == "timeout" else iter(())
    walls = (one for one in own if one.key == "budget.wall")
    run = iter(()) if step.question is not None else iter((time_of_run(plan),))
    return chain(walls, enclosing_times(plan, step), run)
