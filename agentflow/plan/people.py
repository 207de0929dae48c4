"""What a run may ask people, known before it runs: where, when, whom, and for how long."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Literal

from msgspec import Struct

from agentflow.plan import address
from agentflow.plan.patterns import patterns_of
from agentflow.plan.steps import EscalationPlan, Plan
from agentflow.plan.unknown_effects import is_taken, may_ask_whether

#: Always, if the step fails, before a tool is called, if nobody knows whether it had its effect.
Occasion = Literal["always", "failure", "call", "unknown"]
#: How many steps are looked at, counting those of nested pipelines each time.
_MOST_STEPS = 50_000


class Question(Struct, frozen=True):
    """A question that the step at an address, with all numbers open, may put to a person.

    It waits `within` seconds, or as long as the times around it allow if that is None.
    """

    address: str
    occasion: Occasion
    who: str | None
    channel: str
    within: float | None


def questions_of(plan: Plan) -> tuple[Question, ...]:
    """All that a run may ask, each once, in the order of the spec."""
    return tuple(dict.fromkeys(_questions(plan)))


def _questions(plan: Plan) -> Iterator[Question]:
    taken: dict[str, bool] = {}
    for at, step, whole in islice(patterns_of(plan), _MOST_STEPS):
        around = _is_inside(at, taken)
        # The `catch` of a `for_each` applies to its instances, not to the list.
        taken[at] = around or (whole and is_taken(step))
        if not whole:
            continue
        if step.question is not None:
            asked = step.question
            yield Question(at, "always", asked.who, asked.channel, asked.timeout)
        if step.approval is not None:
            yield from _levels(at, "call", step.approval)
        for action in step.catch.values():
            if action.escalation is not None:
                yield from _levels(at, "failure", action.escalation)
        if not around and may_ask_whether(step):
            yield Question(at, "unknown", None, "inbox", None)


def _is_inside(at: str, taken: Mapping[str, bool]) -> bool:
    """Does the `catch` of any step around this address handle unknown effects?"""
    outer = address.parent(at)
    while outer is not None and outer not in taken:  # the case of a switch, an iteration
        outer = address.parent(outer)
    return outer is not None and taken[outer]


def _levels(at: str, occasion: Occasion, escalation: EscalationPlan) -> Iterator[Question]:
    for level in escalation.levels:
        if level.kind == "human":
            yield Question(at, occasion, level.who, level.target, level.within)
