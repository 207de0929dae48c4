"""All levels of an escalation go to the same person, agent or model.

An escalation goes to the next level because the one before did not help. If every level asks the
same person over the same channel, or asks whoever has just failed (an agent, a model under any
name, or the person that a step asks), nothing is different the second time: the same silence or the
same answer, only later.

Bad:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    escalations:
      desk:
        levels:
          - {human: {ask: "What now?", who: kim}, within: 2h}
          - {human: {ask: "What now, please?", who: kim}, within: 8h}
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    8:17 every level of 'desk' asks 'kim' over 'inbox'

Good:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    escalations:
      desk:
        levels:
          - {human: {ask: "What now?", who: kim}, within: 2h}
          - {human: {ask: "What now?", who: lee}, within: 8h}
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from msgspec.structs import replace

from agentflow.findings import Finding, Severity
from agentflow.lint.escalations import Turn, turns
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import EscalationPlan, Plan
from agentflow.spec.document import Path
from agentflow.spec.model import FailureClass, Model
from agentflow.spec.wording import quoted

NAME = "one-target"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING

#: Failures that have nothing to do with how long an answer may be.
_BEFORE_THE_ANSWER = frozenset(
    {FailureClass.NOT_SENT, FailureClass.RATE_LIMITED, FailureClass.SERVER_ERROR}
)


def check(context: Context) -> Iterator[Finding]:
    """Each escalation whose levels all come to the same, and each turn to what has just failed."""
    if context.plan is None:
        return
    for escalation in context.plan.escalations.values():
        same = _same(escalation)
        if same is not None:
            path, message = same
            yield _finding(context, path, message, "let a later level turn to somebody else")
    seen: set[Path] = set()
    for turn in turns(context.plan):
        for path, message in _failed_already(context.plan, turn):
            if path not in seen:
                seen.add(path)
                advice = "name another agent or model, or leave the level out"
                yield _finding(context, path, message, advice)
        asked = _asked_already(turn)
        if asked is not None and asked[0] not in seen:
            seen.add(asked[0])
            yield _finding(context, *asked, "let the level ask somebody else, or in another way")


def _same(escalation: EscalationPlan) -> tuple[Path, str] | None:
    """The second of several levels of which each asks the same person, and what to say about it."""
    waiting = [level for level in escalation.levels if level.kind != "notify"]
    targets = {(level.kind, level.target, level.who) for level in waiting}
    if len(waiting) < 2 or len(targets) > 1 or waiting[0].kind != "human":
        return None
    first = waiting[0]
    who = quoted(first.who) if first.who else "anybody"
    message = f"every level of {quoted(escalation.name)} asks {who} over {quoted(first.target)}"
    return (*waiting[1].path, "human"), message


def _asked_already(turn: Turn) -> tuple[Path, str] | None:
    """An escalation's only level, if it asks whom the step has asked in vain; no reminder."""
    question, levels = turn.step.question, turn.plan.levels
    if question is None or len(levels) != 1 or levels[0].kind != "human":
        return None
    if (levels[0].who, levels[0].target) != (question.who, question.channel):
        return None
    who = quoted(question.who) if question.who else "whoever looks there"
    said = f"{quoted(turn.step.id)} has asked {who} over {quoted(question.channel)} already"
    return (*levels[0].path, "human"), said


def _failed_already(plan: Plan, turn: Turn) -> Iterator[tuple[Path, str]]:
    """The levels that only call what has failed, where it is the step's one agent or model.

    After `low_confidence` a model may well say something else when it is asked again.
    """
    call = turn.step.call
    if call is None or turn.step.among or turn.key == "low_confidence":
        return
    waiting = [level for level in turn.plan.levels if level.kind != "notify"]
    model = str(getattr(call.options, "model", ""))
    for level in waiting:
        if level.kind == "agent" and level.target == call.agent:
            yield (*level.path, "agent"), f"agent {quoted(level.target)} is the one that failed"
        elif level.kind == "model" and _is_same(plan, level.target, model, turn.key):
            yield (*level.path, "model"), f"model {quoted(level.target)} is the one that failed"


def _is_same(plan: Plan, name: str, other: str, failure: str) -> bool:
    """Are these two names of one model that is asked in the same way?"""
    if name == other:
        return True
    two = [plan.pipeline.models.get(each) or Model(model=each) for each in (name, other)]
    if failure in _BEFORE_THE_ANSWER:
        two = [replace(each, max_output_tokens=None) for each in two]
    first, second = (replace(each, price=None, limits=None, stream=None) for each in two)
    return first == second


def _finding(context: Context, path: Path, message: str, advice: str) -> Finding:
    return Finding(NAME, SEVERITY, message, context.document.locate(path), advice)
