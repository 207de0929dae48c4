"""What an attempt comes to that a drill lets fail."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from agentflow.agents.simulated import ASKING, simulated_calls
from agentflow.contracts.sample import NoSample, sample
from agentflow.core.events import (
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    StartAttempt,
    Usage,
)
from agentflow.drill.scenarios import Asked, Attempted
from agentflow.engines.virtual import Answer
from agentflow.plan.steps import CallPlan
from agentflow.spec.model import FailureClass, Json

#: Seconds that a failure takes to come.
_AFTER = 1.0
#: More tokens than any budget has, and what they cost.
_TOKENS, _USD = 10**12, 10.0**9
#: Something among these breaks nearly every contract.
_WRONG: tuple[Json, ...] = ({"drill": None}, [None], "drill", -1, None, True)
_MESSAGE = "as the drill says"


def answer_of(
    does: Attempted | Asked,
    decision: StartAttempt,
    call: CallPlan,
    schema: Mapping[str, Json],
    well: Callable[[], Answer],
) -> Answer:
    """What an attempt with a call comes to; `well` is what it would be without a fault.

    `schema` is what its answer has to keep.
    """
    step, attempt = decision.step, decision.attempt
    match does:
        case "crash":
            return Answer(AttemptLost(0, step, attempt), _AFTER)
        case "slow":
            return Answer(well().outcome, decision.timeout)
        case FailureClass.TIMEOUT:
            return Answer(well().outcome, decision.timeout + 1)
        case "spend" | "waste":
            value = _broken(call) if does == "waste" else _value(well().outcome)
            return Answer(
                AttemptSucceeded(0, step, attempt, value=value, usage=_usage(call)), _AFTER
            )
        case "tools":
            calls = simulated_calls(call, f"{step}/{attempt}")
            return Answer(AttemptSucceeded(0, step, attempt, calls=calls), ASKING)
        case FailureClass.LOW_CONFIDENCE:
            return Answer(AttemptSucceeded(0, step, attempt, value=_unsure(call, schema)), _AFTER)
        case FailureClass.INVALID_OUTPUT if not call.output.checker.fits(_broken(call)):
            return Answer(AttemptSucceeded(0, step, attempt, value=_broken(call)), _AFTER)
        case FailureClass():
            return Answer(AttemptFailed(0, step, attempt, does, _MESSAGE), _AFTER)
        case _:
            return well()


def _value(outcome: AttemptSucceeded | AttemptFailed | AttemptLost) -> Json:
    return outcome.value if isinstance(outcome, AttemptSucceeded) else None


def _broken(call: CallPlan) -> Json:
    """A value that breaks the contract of an answer, if one is found."""
    fits = call.output.checker.fits
    return next((value for value in _WRONG if not fits(value)), None)


def _unsure(call: CallPlan, schema: Mapping[str, Json]) -> Json:
    """An answer that keeps the contract and fails the gate; without a gate, a broken one."""
    gate = call.confidence
    if gate is None:
        return _broken(call)
    below = {"properties": {gate.field: {"exclusiveMaximum": gate.min}}, "required": [gate.field]}
    with suppress(NoSample):
        return sample({**schema, "allOf": [*schema.get("allOf", ()), below]}, "drill")
    return _broken(call)


def _usage(call: CallPlan) -> Usage:
    model = call.chat.model if call.chat is not None else call.agent
    return Usage(model, _TOKENS, 0, _USD)
