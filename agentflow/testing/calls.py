"""The calls of a run, as its log has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agentflow.core import events
from agentflow.core.events import Entry
from agentflow.spec.model import Json


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt, with its idempotency key if it has one.

    Times are in seconds since the start of the run; `ended` is None if it did not. `failure`
    is the class that the agent reported, or that it was `lost` with its process.
    """

    step: str
    attempt: int
    agent: str
    input: Mapping[str, Json]
    started: float
    key: str | None = None
    ended: float | None = None
    failure: str | None = None


def calls_of(entries: Iterable[Entry]) -> tuple[CallRecord, ...]:
    """The calls in the order in which they were started."""
    calls: dict[tuple[str, int], CallRecord] = {}
    start: float | None = None
    for entry in entries:
        start = entry.fact.at if start is None else start
        now = round(entry.fact.at - start, 6)
        fact = entry.fact
        if isinstance(fact, events.AttemptSucceeded | events.AttemptFailed | events.AttemptLost):
            _end(calls, fact.step, fact.attempt, now, _failure(fact))
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
                _end(calls, decision.step, decision.attempt, now, decision.status)
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
    calls: dict[tuple[str, int], CallRecord],
    step: str,
    attempt: int,
    now: float,
    failure: str | None,
) -> None:
    calls[step, attempt] = replace(calls[step, attempt], ended=now, failure=failure)


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
