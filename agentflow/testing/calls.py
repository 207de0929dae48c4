"""The calls of a run and the questions it asks people, as its log has them."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from agentflow.core import events
from agentflow.core.events import Entry
from agentflow.spec.model import Json


class CallRecord(Struct, frozen=True):
    """One attempt of an agent, with its idempotency key if it has one, or a question to a person.

    A question has the number among those of its step as `attempt`, who is asked as `agent`, and
    what is shown as `input`.
    Times are in seconds since the start of the run; `ended` is None if it did not. `failure`
    is the class that the agent reported, or that it was `lost` with its process. `usage` is what
    the provider says that it used up.
    """

    step: str
    attempt: int
    agent: str
    input: Mapping[str, Json]
    started: float
    key: str | None = None
    ended: float | None = None
    failure: str | None = None
    usage: events.Usage | None = None


def calls_of(entries: Iterable[Entry]) -> tuple[CallRecord, ...]:
    """The calls in the order in which they were started."""
    calls: dict[tuple[str, int | str], CallRecord] = {}
    start: float | None = None
    for entry in entries:
        start = entry.fact.at if start is None else start
        now = round(entry.fact.at - start, 6)
        fact = entry.fact
        if isinstance(fact, events.AttemptSucceeded | events.AttemptFailed | events.AttemptLost):
            usage = None if isinstance(fact, events.AttemptLost) else fact.usage
            _end(calls, (fact.step, fact.attempt), now, _failure(fact), usage)
        elif isinstance(fact, events.TimerFired) and fact.question is not None:
            _end(calls, (str(fact.step), fact.question), now, "timeout")
        for decision in entry.decisions:
            if isinstance(decision, events.StartAttempt):
                calls[decision.step, decision.attempt] = CallRecord(
                    step=decision.step,
                    attempt=decision.attempt,
                    agent=decision.agent,
                    input=decision.input,
                    started=now,
                    key=decision.key,
                )
            elif isinstance(decision, events.CancelAttempt):
                _end(calls, (decision.step, decision.attempt), now, decision.status)
            elif isinstance(decision, events.AskPerson):
                asked = sum(step == decision.step for step, at in calls if isinstance(at, str))
                calls[decision.step, decision.question] = CallRecord(
                    step=decision.step,
                    attempt=asked + 1,
                    agent=decision.who or "a person",
                    input=decision.input,
                    started=now,
                )
            elif isinstance(decision, events.TakeAnswer):
                _end(calls, (decision.step, decision.question), now, None)
    return tuple(calls.values())


def as_data(call: CallRecord) -> dict[str, Json]:
    """A call as an expression sees it: what is not there has no key."""
    data: dict[str, Json] = {
        "step": call.step,
        "attempt": call.attempt,
        "agent": call.agent,
        "input": call.input,
        "started": call.started,
    }
    maybe = {"ended": call.ended, "failure": call.failure, "key": call.key}
    return data | {name: value for name, value in maybe.items() if value is not None}


def _end(
    calls: dict[tuple[str, int | str], CallRecord],
    call: tuple[str, int | str],
    now: float,
    failure: str | None,
    usage: events.Usage | None = None,
) -> None:
    calls[call] = replace(calls[call], ended=now, failure=failure, usage=usage)


def _failure(
    fact: events.AttemptSucceeded | events.AttemptFailed | events.AttemptLost,
) -> str | None:
    match fact:
        case events.AttemptFailed():
            return str(fact.failure)
        case events.AttemptLost():
            return "lost"
        case _:
            return None
