"""An attempt in flight, and the facts that it comes to."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, to_builtins

from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.core.events import AttemptEndedLate, AttemptFailed, AttemptSucceeded, Receipt
from agentflow.core.spending import priced
from agentflow.engines.alarms import Alarm
from agentflow.engines.turnstile import Turn
from agentflow.plan.steps import ChatPlan
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass, Json

#: Seconds that an attempt has at least until its request leaves.
PREPARING = 30.0


class Flight(Struct, eq=False):
    """An attempt in flight. `over` says that its outcome is known or no longer wanted.

    `chat` is what is known of the chat model that it calls. `deadline` is None as long as it is
    held up, `stage` is how far it has come: what is only being prepared has done nothing. `tokens`
    are those that it may use at most by the limits of its model, and `used` those that it has used.
    `receipt` and `prompt` are what a chat model is sent in it. `turn` is its place among the calls
    of other runs.
    """

    call: Call
    chat: ChatPlan | None = None
    tokens: int = 0
    used: int | None = None
    deadline: Alarm | asyncio.TimerHandle | None = None
    stage: Literal["preparing", "under way", "answering"] = "preparing"
    task: "asyncio.Task[None] | None" = None
    expired: bool = False
    over: bool = False
    turn: Turn | None = None
    receipt: Receipt | None = None
    prompt: Sequence[Mapping[str, Json]] | None = None

    def note(self, receipt: Receipt, prompt: Sequence[Mapping[str, Json]] | None) -> None:
        """Keep what a chat model is sent for the outcome, whichever it will be."""
        self.receipt, self.prompt = receipt, prompt


def time_to_prepare(call: Call) -> float:
    """The seconds within which an attempt has to send its request, on a busy machine too."""
    return max(call.timeout, PREPARING)


def timed_out(flight: Flight, at: float, said: str | None = None) -> AttemptFailed:
    """The time of an attempt is up. What has not left by then has done nothing for sure."""
    within = f"within {time_in_words(flight.call.timeout)}"
    match flight.stage:
        case "preparing":
            within = f"within {time_in_words(time_to_prepare(flight.call))}"
            message = (
                f"nothing was sent {within}: the call was still being prepared on this machine"
            )
            failure = FailureClass.NOT_SENT
        case "answering":
            failure, message = FailureClass.TIMEOUT, f"the answer began and did not end {within}"
        case _:
            failure, message = FailureClass.TIMEOUT, f"no answer {within}"
    model = "" if flight.chat is None else f"{flight.chat.model}: "
    return failed(flight, at, AttemptError(failure, f"{model}{message}", detail=said))


def succeeded(flight: Flight, at: float, reply: Reply) -> AttemptSucceeded:
    """An agent has answered."""
    return AttemptSucceeded(
        at=at,
        step=flight.call.step,
        attempt=flight.call.attempt,
        value=None if reply.text is not None else reply.value,
        text=reply.text,
        usage=priced(reply.usage, flight.chat),
        receipt=flight.receipt,
        prompt=flight.prompt,
        answered=reply.answered,
        first_token=reply.first_token,
        calls=[to_builtins(one) for one in reply.calls],
        thoughts=reply.thoughts,
    )


def failed(flight: Flight, at: float, error: AttemptError) -> AttemptFailed:
    """An attempt has failed."""
    reply = error.reply or Reply()
    return AttemptFailed(
        at=at,
        step=flight.call.step,
        attempt=flight.call.attempt,
        failure=error.failure,
        message=error.message,
        retry_after=error.retry_after,
        usage=priced(reply.usage, flight.chat),
        detail=error.detail,
        text=reply.text,
        receipt=flight.receipt,
        prompt=flight.prompt,
        answered=reply.answered,
        first_token=reply.first_token,
        excess=reply.excess,
    )


def ended_late(outcome: AttemptSucceeded | AttemptFailed) -> AttemptEndedLate:
    """The outcome of an attempt that nobody waits for any more."""
    at, step, attempt = outcome.at, outcome.step, outcome.attempt
    if isinstance(outcome, AttemptFailed):
        failure, message = outcome.failure, outcome.message
        return AttemptEndedLate(at, step, attempt, failure=failure, message=message)
    return AttemptEndedLate(at, step, attempt, outcome.value, outcome.text)
