"""Which failures a step can have, so that a `catch` for any other one can never apply."""

from agentflow.plan.calls import calls_of
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.spec.model import ANSWERED, FailureClass

#: Failures of any call.
_OF_CALLS = frozenset(
    {
        FailureClass.NOT_SENT,
        FailureClass.SERVER_ERROR,
        FailureClass.TIMEOUT,
        FailureClass.REJECTED,
        FailureClass.INVALID_OUTPUT,
        FailureClass.BUDGET_EXCEEDED,
    }
)
_OF_CHATS = frozenset(
    {FailureClass.RATE_LIMITED, FailureClass.CONTEXT_OVERFLOW, FailureClass.TRUNCATED}
)
#: Failures of a question to a person.
_OF_PEOPLE = frozenset(
    {
        FailureClass.NOT_SENT,
        FailureClass.TIMEOUT,
        FailureClass.REJECTED,
        FailureClass.INVALID_OUTPUT,
        FailureClass.BUDGET_EXCEEDED,
    }
)
#: Failures that the orchestrator reports of any step: by an expression, a list or a budget.
_OF_ANY = frozenset(
    {FailureClass.REJECTED, FailureClass.BUDGET_EXCEEDED, FailureClass.INVALID_OUTPUT}
)
#: Kinds of agents that are never asked to come back later.
_NEVER_ASKED_TO_WAIT = frozenset({"python", "command"})
EVERYTHING = frozenset(FailureClass)
_NOTHING = frozenset[FailureClass]()


def failures_of(step: StepPlan) -> frozenset[FailureClass]:
    """The classes with which a step can fail, before its own `catch`; all if that is unknown."""
    if step.kind == "agent":
        calls = calls_of(step)
        return _NOTHING.union(*map(_of_call, calls)) if calls else EVERYTHING
    if step.kind == "human":
        return _OF_PEOPLE
    found = _OF_ANY
    if step.timeout is not None:
        found |= {FailureClass.TIMEOUT}
    if step.timeout is not None or step.wall is not None or _has_several(step):
        found |= _cut_off(step)
    if step.loop is not None:
        found |= {FailureClass.EXHAUSTED}
    if step.kind == "pipeline":
        return found | _within(step.nested.plan) if step.nested is not None else EVERYTHING
    if step.delegate is not None:
        return found.union(*map(_lets_out, step.delegate.workers.values()))
    return found.union(*(_lets_out(inner) for scope in step.scopes for inner in scope.steps))


def _inside(step: StepPlan) -> list[StepPlan]:
    """The steps of a group, of all cases, a loop or a nested pipeline, or a delegate's workers."""
    plan = step.nested.plan if step.nested is not None else None
    scopes = [plan.root] if plan is not None else step.scopes
    workers = step.delegate.workers.values() if step.delegate is not None else ()
    return [*(inner for scope in scopes for inner in scope.steps), *workers]


def _has_several(step: StepPlan) -> bool:
    """May something inside be in flight when another part fails, or when its time is over?"""
    inside = _inside(step)
    lists = any(inner.for_each is not None for inner in inside)
    return len(inside) > 1 or lists or step.kind in ("pipeline", "delegate")


def _cut_off(step: StepPlan) -> frozenset[FailureClass]:
    """How a step can end if calls in flight inside it stop or fail after they may have acted."""
    for inner in _inside(step):
        acts = any(not call.reach.repeatable for call in calls_of(inner))
        if acts or _cut_off(inner):
            return frozenset({FailureClass.UNKNOWN_EFFECT})
    return _NOTHING


def may_be_unknown(step: StepPlan) -> bool:
    """May it be given up after an attempt that may have acted? A key does not rule it out."""
    return any(not call.effects.repeatable for call in calls_of(step))


def is_passed_by(step: StepPlan, key: str) -> bool:
    """Does an entry of `catch` never hand over to its agent, since the work may be done already?

    That is so if all agents of the step do what must not happen twice, and have done it, or may
    have done it, whenever they fail in this way.
    """
    own = [*step.among.values()] or ([step.call] if step.call is not None else [])
    action = step.catch.get(key)
    if action is None or action.action != "agent" or not own or key == "any":
        return False
    kind = FailureClass(key)
    done = kind.ambiguous or kind in ANSWERED or kind is FailureClass.UNKNOWN_EFFECT
    return done and not any(call.effects.repeatable for call in own)


def _of_call(call: CallPlan) -> frozenset[FailureClass]:
    found = _OF_CALLS
    if call.chat is not None:
        found |= _OF_CHATS
    elif getattr(call.options, "kind", "") not in _NEVER_ASKED_TO_WAIT:
        found |= {FailureClass.RATE_LIMITED}
    if call.confidence is not None:
        found |= {FailureClass.LOW_CONFIDENCE}
    if call.tools:
        found |= {FailureClass.EXHAUSTED}
    if not call.reach.repeatable:
        found |= {FailureClass.UNKNOWN_EFFECT}
    return found


def _lets_out(step: StepPlan) -> frozenset[FailureClass]:
    """The failures of an inner step that reach the step around it."""
    taken = {key for key, action in step.catch.items() if action.action in ("skip", "use")}
    found = frozenset[FailureClass]()
    if "any" not in taken:
        found = failures_of(step) - {FailureClass(key) for key in taken}
    if step.for_each is not None and step.for_each.min_success is not None:
        found |= {FailureClass.EXHAUSTED}
    return found


def _within(plan: Plan) -> frozenset[FailureClass]:
    return _NOTHING.union(*map(_lets_out, plan.root.steps))
