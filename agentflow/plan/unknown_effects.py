"""The question asked if nobody knows whether a step acted, and its spec does not say what then.

An escalation like those of an author, with one level: a question in the inbox. It waits as long as
the times around the step allow.
"""

from agentflow.plan.calls import calls_of
from agentflow.plan.steps import CatchPlan, EscalationPlan, LevelPlan, StepPlan
from agentflow.spec.templates import Constant

_ASK = (
    "Has it happened? Look there first. If it has, 'replace' says what came of it; if it has not,"
    " 'retry' makes it again; 'abort' fails the step."
)
#: No author can give an escalation this name.
WHETHER_IT_HAPPENED = EscalationPlan(
    name="whether-it-happened",
    levels=(LevelPlan("human", ("language", "unknown_effect"), "inbox", text=Constant(_ASK)),),
    on_exhausted=CatchPlan("fail"),
)


def may_ask_whether(step: StepPlan) -> bool:
    """May a step come to this question, if no `catch` around it speaks of it?

    Only if it calls something that must not happen twice.
    """
    return not is_taken(step) and not all(call.effects.repeatable for call in calls_of(step))


def is_taken(step: StepPlan) -> bool:
    """Does the `catch` of a step always handle unknown effects of calls, its own or inside it?

    Since no other agent is given the work then, an entry that hands over does not.
    """
    said = (step.catch.get(key) for key in ("unknown_effect", "any"))
    return any(action is not None and action.action != "agent" for action in said)
