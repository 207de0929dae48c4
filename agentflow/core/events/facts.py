"""Facts: what happened outside, in the past tense. Time enters with them alone."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct, field

from agentflow.core.events.parts import (
    Excess,
    Receipt,
    RunMode,
    TimeLimit,
    Usage,
)
from agentflow.spec.model import FailureClass, Json


class RunStarted(Struct, frozen=True):
    """A run began. `sources` are the spec and all files it names, by path: the run needs no other.

    `spec` is the name of the spec among them and `folder` where it lay, for the programs and
    modules of its agents. `concurrency` bounds the attempts in flight. `prices` are those of chat
    models whose price the spec does not say and a budget in US dollars needs: for a million tokens
    in and out. `windows` are those of models with fallbacks, in tokens, where the spec does not say
    them. `record` is the file to which the answers of models are recorded, `playback` the one from
    which they come. `tools` are the definitions of the tools of servers as the run found them, by
    the file of a pipeline, the server and the tool.
    """

    at: float
    run_id: str
    spec: str
    folder: str
    sources: Mapping[str, str]
    inputs: Mapping[str, Json]
    mode: RunMode
    seed: str
    concurrency: int
    agentflow: str
    prices: Mapping[str, Sequence[float]] = field(default_factory=dict)
    windows: Mapping[str, int] = field(default_factory=dict)
    record: str | None = None
    playback: str | None = None
    tools: Mapping[str, Mapping[str, Mapping[str, Json]]] = field(default_factory=dict)
    by: str | None = None


class RunResumed(Struct, frozen=True):
    """Another process took the run up after an interruption or a crash. `tools` as above.

    `accepted` are those of them that are not what the run knew, and that `by` wants it to go on
    with: their pins as they were, by file, server and tool.
    """

    at: float
    agentflow: str
    tools: Mapping[str, Mapping[str, Mapping[str, Json]]] = field(default_factory=dict)
    accepted: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    by: str | None = None


class RunInterrupted(Struct, frozen=True):
    """A signal stopped the process, or else `why` it could not go on; the run can be resumed."""

    at: float
    signal: str | None = None
    why: str | None = None


class ProcessDied(Struct, frozen=True):
    """Somebody who takes an answer in, or looks for what is due, has found that the process of the
    run is gone. It can be resumed; what was in flight is looked at then."""

    at: float


class CancelRequested(Struct, frozen=True):
    """Somebody ends the run for good: `by` is who they say they are, `why` is their reason."""

    at: float
    by: str | None = None
    why: str | None = None


class AttemptWaits(Struct, frozen=True):
    """An attempt is held up before it is made, by what other runs do. Its time has not begun."""

    at: float
    step: str
    attempt: int
    why: str


class AttemptAdmitted(Struct, frozen=True):
    """An attempt that was held up is made now, or its request leaves: its minute begins, where its
    model has limits."""

    at: float
    step: str
    attempt: int


class AttemptSucceeded(Struct, frozen=True):
    """An agent answered: with a value, or with a text that is still to be read.

    Of a chat model, `prompt` are the messages that it was sent, `receipt` is what was measured of
    them, `answered` the model that the provider says it was, and `first_token` how many seconds
    it took to begin. If it asks for tools instead, `calls` are {id, tool, arguments} as it has
    written them, `text` is what it says besides, and `thoughts` are what it has to be shown again
    (`Turn`).
    """

    at: float
    step: str
    attempt: int
    value: Json = None
    text: str | None = None
    usage: Usage | None = None
    receipt: Receipt | None = None
    prompt: Sequence[Mapping[str, Json]] | None = None
    answered: str | None = None
    first_token: float | None = None
    calls: list[Json] = field(default_factory=list)
    thoughts: Mapping[str, Json] | None = None


class AttemptFailed(Struct, frozen=True):
    """An attempt ended without an answer. `retry_after` is in seconds, as the other side asked.

    `detail` is what the agent said besides: the end of its stderr, a traceback. `text` is an answer
    that came and does not count, or with `excess`, its beginning. `prompt` is None where a chat
    model was sent nothing; the rest is as in `AttemptSucceeded`.
    """

    at: float
    step: str
    attempt: int
    failure: FailureClass
    message: str
    retry_after: float | None = None
    usage: Usage | None = None
    detail: str | None = None
    text: str | None = None
    receipt: Receipt | None = None
    prompt: Sequence[Mapping[str, Json]] | None = None
    answered: str | None = None
    first_token: float | None = None
    excess: Excess | None = None


class AttemptLost(Struct, frozen=True):
    """An attempt had started when its process ended; nobody knows what became of it."""

    at: float
    step: str
    attempt: int


class AttemptEndedLate(Struct, frozen=True):
    """An attempt that had been given up came to something after all: noted, and nothing follows.

    It answered with a value or a text, or it failed, with `failure` and `message`.
    """

    at: float
    step: str
    attempt: int
    value: Json = None
    text: str | None = None
    failure: FailureClass | None = None
    message: str | None = None


class TimerFired(Struct, frozen=True):
    """The wait before a retry of `step` is over; without a step, the run's wall budget is.

    With a `question`, the time to answer it is.
    """

    at: float
    step: str | None = None
    question: str | None = None


class RunParked(Struct, frozen=True):
    """Only people can make the run go on, and its process does not wait for them."""

    at: float


class Delivered(Struct, frozen=True):
    """A message is where it was to go; `detail` says where that is."""

    at: float
    step: str
    message: str
    detail: str = ""


class NotDelivered(Struct, frozen=True):
    """A message could not be brought to where it was to go."""

    at: float
    step: str
    message: str
    problem: str


class PersonAnswered(Struct, frozen=True):
    """Somebody answered a question, or something claims to be an answer.

    Whether it counts is decided. `ticket` is the answer's own id: none is taken twice. `payload`
    is the hash of what was asked. `given` is when it was given, which may be long before it was
    taken in. `via` is the way it came. `problem` says why it could not be read.
    """

    at: float
    ticket: str
    step: str
    question: str
    payload: str
    given: float
    answer: str
    value: Json = None
    by: str | None = None
    why: str | None = None
    via: str | None = None
    problem: str | None = None


class TimeRanOut(Struct, frozen=True):
    """A time that `step` has is over; `limit` says which."""

    at: float
    step: str
    limit: TimeLimit = "pipeline"


Fact: TypeAlias = (
    RunStarted
    | RunResumed
    | RunInterrupted
    | ProcessDied
    | CancelRequested
    | AttemptWaits
    | AttemptAdmitted
    | AttemptSucceeded
    | AttemptFailed
    | AttemptLost
    | AttemptEndedLate
    | TimerFired
    | TimeRanOut
    | RunParked
    | Delivered
    | NotDelivered
    | PersonAnswered
)
