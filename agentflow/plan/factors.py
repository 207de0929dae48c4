"""What one call of an agent is multiplied by: the factors of `plan.bounds`."""

from msgspec import Struct

from agentflow.plan.backoff import backoff
from agentflow.plan.calls import is_repeatable
from agentflow.plan.steps import CallPlan
from agentflow.spec.model import ANSWERED, FailureClass


class Factors(Struct, frozen=True):
    """What one call of an agent is multiplied by: n, 1 + r, m and t."""

    attempts: int
    answers: int
    models: int = 1
    turns: int = 1

    @property
    def made(self) -> int:
        """The most attempts of a call."""
        return self.attempts * self.models * self.answers


def factors_of(call: CallPlan) -> Factors:
    """How often a call can be made again, after failures and for a better answer."""
    answers = 1 + call.repair if call.effects.repeatable else 1
    return Factors(_attempts(call), answers, models_of(call), turns_of(call))


def turns_of(call: CallPlan) -> int:
    """t: in how many turns a model comes to its answer, if it asks for tools as long as it may."""
    return call.max_turns if call.tools else 1


def models_of(call: CallPlan) -> int:
    """m: how many models are asked in one attempt of the retry policy, if all of them fail."""
    return 1 + len(call.fallbacks)


def call_seconds(call: CallPlan) -> float:
    """The time that a call and all its repeats can take, the waits between them included.

    The time of the tools that a model calls is not included.
    """
    made = factors_of(call)
    return made.turns * (made.made * call.timeout + sum(backoffs(call)))


def backoffs(call: CallPlan) -> list[float]:
    """The longest waits between the attempts of a call, one by one."""
    if call.retry is None:
        return []
    return [backoff(call.retry.backoff, number, 1) for number in range(_attempts(call) - 1)]


def _attempts(call: CallPlan) -> int:
    """n: the attempts that a policy allows, if any failure may lead to a retry."""
    if call.retry is None:
        return 1
    safe = is_repeatable(call)
    classes = (FailureClass(name) for name in call.retry.on)
    repeated = any(safe or not (kind.ambiguous or kind in ANSWERED) for kind in classes)
    return call.retry.max_attempts if repeated else 1
