"""No step that uses an escalation can reach one of its levels.

A level that calls another model has nothing to ask if the failed step uses no model, and one that
calls an agent cannot stand in for a person or a pipeline. After a write that has happened, or may
have happened, no other write is made in its place. An agent that needs input which the step does
not give, or whose answers never satisfy the contract of the step, cannot help either. Such a level
is passed over, or fails, every time, so the escalation is shorter than it looks.

Bad:

    agentflow: 1
    name: letters
    models: {strong: {model: anthropic/claude-sonnet-4-5}}
    escalations:
      desk:
        levels:
          - {model: strong}
          - {human: {ask: "What now?"}, within: 4h}
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    7:9 level 1 of 'desk' is passed over each time: 'write' asks no model

Good:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels:
          - {agent: scribe}
          - {human: {ask: "What now?"}, within: 4h}
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
      scribe: {kind: command, argv: [./scribe], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import entries
from agentflow.lint.escalations import Turn, turns
from agentflow.lint.handoffs import way_text
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers, calls_of
from agentflow.plan.handoffs import Effort, breaches
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import CallPlan, EscalationPlan, LevelPlan, Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import ANSWERED, FailureClass
from agentflow.spec.wording import quoted

NAME = "idle-level"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING

_PASSED = "is passed over each time:"
#: Failures of a write after which it has happened, or may have.
_ACTED = {*ANSWERED, FailureClass.UNKNOWN_EFFECT}


def check(context: Context) -> Iterator[Finding]:
    """Each level with a model or an agent that every step which turns to it passes over."""
    plan = context.plan
    if plan is None:
        return
    for escalation in plan.escalations.values():
        users = list(_users(plan, escalation))
        for number, level in enumerate(escalation.levels):
            if level.kind not in ("model", "agent") or not _is_known(plan, level):
                continue
            reasons = [_why_not(number, user) for user in users]
            if not reasons or not all(reasons):
                continue
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"level {number + 1} of {quoted(escalation.name)} {reasons[0]}",
                location=context.document.locate(level.path),
                help="leave it out, or turn to an escalation without it",
                related=tuple(
                    Related("the escalation is used here", context.document.locate(path))
                    for _, path in users
                ),
            )


def _users(plan: Plan, escalation: EscalationPlan) -> Iterator[tuple[Turn | str, Path]]:
    """The steps that turn to an escalation about a failure, and the tools whose calls it approves.

    Of one that asks no person it is said elsewhere that it approves nothing.
    """
    for turn in turns(plan):
        if turn.plan.name == escalation.name:
            yield turn, turn.path
    if any(level.kind == "human" for level in escalation.levels):
        for step in callers(plan):
            if step.approval is not None and step.approval.name == escalation.name:
                yield step.id, step.path


def _why_not(number: int, user: tuple[Turn | str, Path]) -> str | None:
    """Why a level is passed over for a step or tool; None if it may be of use."""
    turn, _ = user
    if isinstance(turn, str):
        return f"{_PASSED} it cannot approve the calls of {quoted(turn)}"
    level, step = turn.plan.levels[number], turn.step
    if step.kind == "agent" and step.call is None:
        return None  # nobody knows what it was to call
    if not level.calls:
        what = "asks no model" if level.kind == "model" else "has no agent to stand in for"
        return f"{_PASSED} {quoted(step.id)} {what}"
    own = calls_of(step)
    acted = turn.key in _ACTED and all(not call.effects.repeatable for call in own)
    if own and acted and not any(call.reach.repeatable for call in level.calls):
        other = level.calls[0]
        what = f"the effects of {quoted(other.agent)} are '{other.reach}'"
        return f"{_PASSED} {quoted(step.id)} may have acted by then, and {what}"
    why = _unfit(step, level.call) if level.kind == "agent" else None
    return f"never helps: {why}" if why is not None else None


def _unfit(step: StepPlan, call: CallPlan | None) -> str | None:
    """Why an agent cannot stand in for that of a step, or its answer never counts."""
    if step.call is None or call is None:
        return None
    given = {name for name, _ in entries(call.arguments)}
    required = call.input.schema.get("required", ())
    missing = [name for name in required if name not in given]
    if missing:
        return (
            f"{quoted(step.id)} gives {quoted(call.agent)} no {listed(map(quoted, missing), 'or')}"
        )
    kept = dict(step.call.output.schema)
    for breach in breaches(dict(call.output.schema), Contract(kept, kept), Effort()):
        if breach.always:
            answer = way_text((call.agent, "output", *breach.way))
            return f"{quoted(answer)} {breach.found}, {quoted(step.id)} {breach.wanted}"
    return None


def _is_known(plan: Plan, level: LevelPlan) -> bool:
    """Is there what the level names? A model may be one that LiteLLM knows."""
    return level.kind == "model" or level.target in plan.pipeline.agents
