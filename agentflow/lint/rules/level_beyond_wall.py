"""A level of an escalation comes when the run is over.

The run's time (`budget.wall`, 24 hours where nothing is said) goes on while people are waited for.
The times of the levels add up, with that of the question before them if it is a question that nobody
answered. When the time of the run is over it fails: later levels are never reached, and neither is
`on_exhausted`.

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

    7:55 level 2 of 'desk' is over after 24h, and the run after 24h

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

from agentflow.findings import Finding, Severity
from agentflow.lint.escalations import turns
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import EscalationPlan, Plan
from agentflow.spec.wording import quoted

NAME = "level-beyond-wall"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """The first level of each escalation that is not over before the run is, at its time."""
    plan = context.plan
    if plan is None:
        return
    for escalation, before in _longest(plan):
        waited = before
        for number, level in enumerate(escalation.levels, start=1):
            waited += level.within or 0.0
            if level.kind == "human" and waited >= plan.budget.wall:
                message = (
                    f"level {number} of {quoted(escalation.name)} is over after"
                    f" {waited / 3600:g}h, and the run after {plan.pipeline.budget.wall}"
                )
                place = context.document.locate((*level.path, "within"))
                advice = "give the run longer with 'budget: {wall: …}', or the levels less"
                yield Finding(NAME, SEVERITY, message, place, advice)
                break


def _longest(plan: Plan) -> Iterator[tuple[EscalationPlan, float]]:
    """Each escalation with the longest wait for a person after which a step turns to it."""
    before = dict.fromkeys(plan.escalations, 0.0)
    for turn in turns(plan):
        question = turn.step.question
        if question is not None and turn.key in ("timeout", "any") and turn.plan.name in before:
            before[turn.plan.name] = max(before[turn.plan.name], question.timeout)
    yield from ((plan.escalations[name], waited) for name, waited in before.items())
