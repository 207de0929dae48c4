"""Is an answer accepted, and if not, is its agent asked again?

An answer becomes the output of its step only if it satisfies the contract, everything that the step
asserts is true of it, a plan in it can be carried out, and its confidence is as high as the agent's
`confidence` demands. Any other answer stays in the log, out of reach of every expression.
"""

import json
from collections.abc import Sequence

from agentflow.contracts.check import Accepted, Rejected
from agentflow.core import events
from agentflow.core.assertions import broken
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.prompted import bytes_of
from agentflow.core.state import Instance, State
from agentflow.core.tasks import wrong_plan
from agentflow.plan.chats import LINE, SHOWN, TOLD
from agentflow.plan.steps import CallPlan
from agentflow.spec.model import REPAIRABLE, Confidence, FailureClass, Json


def on_answer(_state: State, instance: Instance) -> Decision:
    """An agent has answered."""
    answer, call = instance.answer, instance.call
    assert isinstance(answer, Accepted | Rejected)
    assert call is not None
    rule = "contract.output"
    if isinstance(answer, Rejected):
        details: list[Json] = [str(violation) for violation in answer.violations]
        reason = Reason(rule, answer.reason, {"violations": details})
        return _reject(instance, FailureClass.INVALID_OUTPUT, reason)
    found = broken(instance, answer.value)
    if found is not None:
        number, wrong = found
        more = f"; {len(wrong) - 1} more" if len(wrong) > 1 else ""
        at = f"{instance.step.address}.assert[{number}]"
        reason = Reason(at, wrong[0] + more, {"violations": wrong})
        return _reject(instance, FailureClass.INVALID_OUTPUT, reason)
    plan = wrong_plan(instance.step, answer.value)
    if plan is not None:
        at, bad = plan
        reason = Reason(f"{at}.delegate.plan", str(bad), {"violations": list(bad.wrong)})
        return _reject(instance, FailureClass.INVALID_OUTPUT, reason)
    doubt = _doubt(call, answer.value)
    if doubt is not None:
        return _reject(instance, FailureClass.LOW_CONFIDENCE, doubt)
    text = "the answer keeps its contract"
    if answer.unwrapped:
        text += f"; left out: {answer.unwrapped}"
    return events.AcceptOutput(instance.address, instance.attempt, Reason(rule, text))


def _reject(instance: Instance, kind: FailureClass, reason: Reason) -> Decision:
    failure = Failure(kind, reason.text)
    return events.RejectOutput(instance.address, instance.attempt, failure, reason)


def _doubt(call: CallPlan, value: Json) -> Reason | None:
    """Why an answer is not sure enough; None if it is."""
    gate = call.confidence
    if gate is None:
        return None
    found = value.get(gate.field) if isinstance(value, dict) else None
    rule = f"agents.{call.agent}.confidence"
    if isinstance(found, bool) or not isinstance(found, int | float):
        text = f"the answer has no number in '{gate.field}' to say how sure it is"
        return Reason(rule, text, _figures(gate, None))
    if found >= gate.min:
        return None
    text = f"'{gate.field}' is {found:g}, less than {gate.min:g}"
    return Reason(rule, text, _figures(gate, found))


def _figures(gate: Confidence, found: float | None) -> dict[str, Json]:
    return {"field": gate.field, "found": found, "min": gate.min}


def repair(instance: Instance, failure: Failure) -> Decision | None:
    """Ask the agent again with what was wrong; None if that is not to be done.

    An agent that has acted on the world would act again, so it is not asked.
    """
    call = instance.call
    assert call is not None
    if failure.kind not in REPAIRABLE or instance.repairs >= call.repair:
        return None
    if not call.effects.repeatable or instance.scope.closed:
        return None
    number = instance.repairs + 1
    return events.Repair(
        step=instance.address,
        attempt=instance.attempt + 1,
        repair=number,
        violations=_told(instance.wrong),
        reason=Reason(
            f"{instance.step.address}.repair",
            f"repair {number} of {call.repair}: {failure.message}",
            {"repair": number, "repairs": call.repair},
        ),
    )


def _told(wrong: Sequence[str]) -> tuple[str, ...]:
    """As many of the sentences as there is room for, each in a line; the last may be cut."""
    told: list[str] = []
    left = TOLD
    for sentence in wrong:
        left -= LINE
        if left < LINE:
            break
        told.append(_cut(sentence, left))
        left -= bytes_of(sentence)
    return tuple(told)


def _cut(sentence: str, room: int) -> str:
    """A sentence in so many bytes, and the sign that it was cut."""
    if bytes_of(sentence) <= room:
        return sentence
    kept = sentence.encode(errors="backslashreplace")[: max(0, room - LINE)]
    return kept.decode(errors="ignore") + "…"


def excerpt(said: Json) -> str | None:
    """An answer as the text that its agent is shown again, shortened; None if there was none."""
    if said is None:
        return None
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
