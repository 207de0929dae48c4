"""A level of an escalation begins after the run, or the step that uses it, has ended.

The time of the run (`budget.wall`, 24 hours by default) goes on while people are waited for, and so
does that of the step (`budget.wall`) and of the steps around it (`timeout`, `budget.wall`). The
times of the levels add up, together with that of the original question if an unanswered question is
what is escalated. When the first of these limits is reached, the run or step that has it fails:
later levels are never reached, and neither is `on_exhausted`. Shorten the levels, or raise the
limit.

Bad:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels:
          - {human: {ask: "What now?", who: kim}, within: 12h}
          - {human: {ask: "What now?", who: lee}, within: 12h}
        on_exhausted: skip
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: '${{ default(steps.write.output, "") }}'}

Says:

    7:55 level 2 of 'desk' is over after 1d, and the run after 1d

Good:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    escalations:
      desk:
        levels:
          - {human: {ask: "What now?", who: kim}, within: 12h}
          - {human: {ask: "What now?", who: lee}, within: 12h}
        on_exhausted: skip
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: '${{ default(steps.write.output, "") }}'}
"""

from collections.abc import Iterator
from itertools import chain

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.escalations import Turn, turns
from agentflow.lint.rule import Context, Family
from agentflow.lint.times import enclosing_times, own_times, shortest
from agentflow.plan.steps import EscalationPlan, Plan
from agentflow.spec.durations import time_in_words
from agentflow.spec.wording import quoted

NAME = "level-beyond-wall"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """The first level of each escalation that is not over before the run is, at its time, and of
    each step that turns to one, before the times around it are."""
    plan = context.plan
    if plan is None:
        return
    for escalation, before in _longest(plan):
        found = _too_late(escalation, before, plan.budget.wall)
        if found is not None:
            number, waited = found
            message = (
                f"level {number} of {quoted(escalation.name)} is over after"
                f" {time_in_words(waited)}, and the run after {time_in_words(plan.budget.wall)}"
            )
            place = context.document.locate((*escalation.levels[number - 1].path, "within"))
            advice = "give the run longer with 'budget: {wall: …}', or the levels less"
            yield Finding(NAME, SEVERITY, message, place, advice)
    for turn in turns(plan):
        yield from _in_step(context, plan, turn)


def _in_step(context: Context, plan: Plan, turn: Turn) -> Iterator[Finding]:
    """About a step whose people are waited for longer than there is time around it."""
    walls = (time for time in own_times(turn.step) if time.key == "budget.wall")
    first = shortest(chain(walls, enclosing_times(plan, turn.step)))
    if first is None or first.seconds >= plan.budget.wall:
        return
    found = _too_late(turn.plan, _asked_before(turn), first.seconds)
    if found is None:
        return
    number, waited = found
    yield Finding(
        NAME,
        SEVERITY,
        f"level {number} of {quoted(turn.plan.name)} is over after {time_in_words(waited)}, and"
        f" {first.whose} after {time_in_words(first.seconds)} ({first.key})",
        context.document.locate(turn.path),
        "give the step longer, or the levels less",
        (Related("this time ends first", context.document.locate(first.path)),),
    )


def _too_late(escalation: EscalationPlan, before: float, end: float) -> tuple[int, float] | None:
    """The first question that is not over at the end, by its number, and when it is over."""
    waited = before
    for number, level in enumerate(escalation.levels, start=1):
        if level.kind != "human":
            continue  # a call may end long before its time
        waited += level.within or 0.0
        if waited >= end:
            return number, waited
    return None


def _asked_before(turn: Turn) -> float:
    """How long a person was waited for before a step turns to others."""
    question = turn.step.question
    return question.timeout if question is not None and turn.key in ("timeout", "any") else 0.0


def _longest(plan: Plan) -> Iterator[tuple[EscalationPlan, float]]:
    """Each escalation with the longest wait for a person after which a step turns to it."""
    before = dict.fromkeys(plan.escalations, 0.0)
    for turn in turns(plan):
        if turn.plan.name in before:
            before[turn.plan.name] = max(before[turn.plan.name], _asked_before(turn))
    yield from ((plan.escalations[name], waited) for name, waited in before.items())
