"""Facts and decisions: everything that can stand in an event log.

A *fact* happened outside, in the past tense. A *decision* is what the core answered, in the
imperative, with its reason. An *entry* is one fact with the decisions made because of it; a log is
a list of entries and reads as "this happened, therefore that".

All of them are frozen plain data: JSON values, numbers, text. Times are seconds since 1970 in UTC
and enter with facts only. A step is named by its address (`agentflow.plan.address`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agentflow.spec.model import Effects, FailureClass, Json

RunMode = Literal["live", "simulated"]
#: What a person can say to a question.
AnswerKind = Literal["approve", "replace", "retry", "abort"]
#: How a run can end. `interrupted` and `waiting` are states of a run, not ends.
FinalStatus = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used up. `usd` is None where the price is not known."""

    model: str
    tokens_in: int
    tokens_out: int
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt, a step or a run did not succeed.

    `cause` is the class the agent reported where the core made another of it: a timeout of a
    step that must not be repeated is an `unknown_effect` caused by `timeout`.
    """

    kind: FailureClass
    message: str
    cause: FailureClass | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an agent that is asked again is told about its last answer.

    `answer` is that answer as text, shortened; None if it did not come to one. `violations` are
    sentences that say what is wrong with it.
    """

    answer: str | None
    violations: tuple[str, ...]


# --- facts ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began. `sources` are the spec and all files it names, by path: the run needs no other.

    `spec` is the name of the spec among them and `folder` where it lay, for the programs and
    modules of its agents. `concurrency` bounds the attempts in flight. `prices` are those of chat
    models whose price the spec does not say and a budget in US dollars needs: for a million tokens in
    and out.
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


@dataclass(frozen=True, slots=True)
class RunResumed:
    """Another process took the run up after an interruption or a crash."""

    at: float
    agentflow: str


@dataclass(frozen=True, slots=True)
class RunInterrupted:
    """A signal stopped the process; the run can be resumed."""

    at: float
    signal: str


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody ends the run for good: `by` is who they say they are, `why` is their reason."""

    at: float
    by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptSucceeded:
    """An agent answered: with a value, or with a text that is still to be read."""

    at: float
    step: str
    attempt: int
    value: Json = None
    text: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt ended without an answer. `retry_after` is in seconds, as the other side asked.

    `detail` is what the agent said besides: the end of its stderr, a traceback.
    """

    at: float
    step: str
    attempt: int
    failure: FailureClass
    message: str
    retry_after: float | None = None
    usage: Usage | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptLost:
    """An attempt had started when its process ended; nobody knows what became of it."""

    at: float
    step: str
    attempt: int


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The wait before a retry of `step` is over; without a step, the run's wall budget is.

    With a `question`, the time to answer it is.
    """

    at: float
    step: str | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True)
class RunParked:
    """Only people can make the run go on, and its process does not wait for them."""

    at: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message is where it was to go; `detail` says where that is."""

    at: float
    step: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """A message could not be brought to where it was to go."""

    at: float
    step: str
    message: str
    problem: str


@dataclass(frozen=True, slots=True)
class PersonAnswered:
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


@dataclass(frozen=True, slots=True)
class TimeRanOut:
    """The wall budget of the pipeline that `step` runs is over."""

    at: float
    step: str


Fact: TypeAlias = (
    RunStarted
    | RunResumed
    | RunInterrupted
    | CancelRequested
    | AttemptSucceeded
    | AttemptFailed
    | AttemptLost
    | TimerFired
    | TimeRanOut
    | RunParked
    | Delivered
    | NotDelivered
    | PersonAnswered
)


# --- decisions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision was made: the rule of the spec or of the language, and what it came to.

    `rule` is a path in the spec (`steps.pay.retry`) or a rule of the language (`language.needs`).
    `text` says it in words, `figures` holds the numbers that were compared.
    """

    rule: str
    text: str
    figures: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BeginStep:
    """`when` is true: the step takes place."""

    step: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class EnterGroup:
    """The steps of a group may start."""

    step: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class EnterPipeline:
    """The steps of another pipeline may start, with these inputs.

    `wall` is how many seconds it may take; None where the time of its caller is over before that.
    """

    step: str
    inputs: Mapping[str, Json]
    wall: float | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class TakeCase:
    """A switch goes one way; `case` is None for `default`."""

    step: str
    case: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class ExpandItems:
    """A `for_each` has its list of `count` items: one instance for each, called `keys` if named."""

    step: str
    count: int
    reason: Reason
    keys: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class AssignTasks:
    """A `delegate` has a plan that can be carried out: `tasks` are its {id, worker, needs}."""

    step: str
    tasks: list[Json]
    reason: Reason


@dataclass(frozen=True, slots=True)
class BeginIteration:
    """A loop goes round once more, or for the first time (`index` 0), with this state."""

    step: str
    index: int
    state: Mapping[str, Json]
    reason: Reason


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Call the agent. This is the intent: stored before the first byte leaves.

    `timeout` is in seconds. `input` and `key`, the idempotency key, are frozen with the intent of
    the first attempt: all further attempts of the step carry the same. `held` is what is kept back of
    the budgets for this attempt, by quantity, besides the call itself. `model` is that of an
    escalation, where it puts another in the place of the agent's.
    """

    step: str
    attempt: int
    agent: str
    input: Mapping[str, Json]
    timeout: float
    effects: Effects
    reason: Reason
    key: str | None = None
    held: Mapping[str, float] = field(default_factory=dict)
    model: str | None = None


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """Stop an attempt in flight. `status` is `unknown` where it may have had its effect."""

    step: str
    attempt: int
    status: Literal["cancelled", "unknown"]
    reason: Reason


@dataclass(frozen=True, slots=True)
class AcceptOutput:
    """The answer keeps its contract; it is the output of the step."""

    step: str
    attempt: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class RejectOutput:
    """The answer breaks its contract or is not sure enough.

    It stays in the log and nobody can read it.
    """

    step: str
    attempt: int
    failure: Failure
    reason: Reason


@dataclass(frozen=True, slots=True)
class Repair:
    """Ask the agent again, in another attempt, and tell it what was wrong with its answer.

    `repair` counts the repairs of this answer from 1; they are no retries.
    """

    step: str
    attempt: int
    repair: int
    violations: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Retry:
    """Make another attempt after `delay` seconds; `attempt` is its number.

    `counted` says whether it draws from the retry policy and the retry budget: the repetition of
    an attempt that a crash made void does not.
    """

    step: str
    attempt: int
    delay: float
    counted: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Escalate:
    """Turn to others about a failure; `catch` is the entry that says so."""

    step: str
    catch: str
    escalation: str
    failure: Failure
    reason: Reason


@dataclass(frozen=True, slots=True)
class TryLevel:
    """A level calls an agent: that of the step with another `model`, or another one."""

    step: str
    escalation: str
    level: int
    agent: str
    model: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class LeaveLevel:
    """A level did not help; the next one is tried. Levels count from 0."""

    step: str
    escalation: str
    level: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell a person, and go on with the next level. It is stored before it is delivered."""

    step: str
    message: str
    escalation: str
    level: int
    channel: str
    who: str | None
    text: str
    failure: Failure
    reason: Reason


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Put a question to a person. It is stored before it is delivered.

    `question` is its id, `number` counts the messages of the run from 0, and `payload` is the hash
    of all that is asked and shown.
    `input` is what the person is shown, `answers` what may be answered, from `asked` until `due`. In
    an escalation, `failure` is why the person is asked, `input` what the agent was given and
    `output` what it answered, if that was held back.
    """

    step: str
    question: str
    number: int
    payload: str
    channel: str
    who: str | None
    ask: str
    input: Json
    answers: Sequence[str]
    asked: float
    due: float
    reason: Reason
    output: Json = None
    failure: Failure | None = None
    escalation: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class TakeAnswer:
    """The answer counts. `value` is what goes on as the output, if one does."""

    step: str
    question: str
    ticket: str
    by: str | None
    answer: AnswerKind
    value: Json
    reason: Reason


@dataclass(frozen=True, slots=True)
class RefuseAnswer:
    """The answer does not count: it is late, double, foreign, stale, or breaks a contract."""

    step: str
    question: str
    ticket: str
    by: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class CompleteStep:
    """A group, a switch, a loop, a `for_each`, a pipeline or a `delegate` is through.

    `output` is that of the group, case, last iteration or pipeline. Those of a `for_each` and of a
    `delegate` are made up of the outputs inside and are not written twice.
    """

    step: str
    output: Json
    reason: Reason


@dataclass(frozen=True, slots=True)
class UseValue:
    """`catch` puts a value in the place of the output."""

    step: str
    value: Json
    reason: Reason


@dataclass(frozen=True, slots=True)
class HandOver:
    """`catch` gives the same input to another agent."""

    step: str
    agent: str
    failure: Failure
    reason: Reason


@dataclass(frozen=True, slots=True)
class SkipStep:
    """The step does not take place, or its `failure` is passed over."""

    step: str
    reason: Reason
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class FailStep:
    """The step fails, and what encloses it with it."""

    step: str
    status: Literal["failed", "unknown"]
    failure: Failure
    reason: Reason


@dataclass(frozen=True, slots=True)
class CancelStep:
    """The step is given up because of something outside it."""

    step: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class FinishRun:
    """The run is over."""

    status: FinalStatus
    outputs: Mapping[str, Json] | None
    failure: Failure | None
    reason: Reason


Decision: TypeAlias = (
    BeginStep
    | EnterGroup
    | EnterPipeline
    | TakeCase
    | ExpandItems
    | AssignTasks
    | BeginIteration
    | StartAttempt
    | CancelAttempt
    | AcceptOutput
    | RejectOutput
    | Repair
    | Retry
    | Escalate
    | TryLevel
    | LeaveLevel
    | Notify
    | AskPerson
    | TakeAnswer
    | RefuseAnswer
    | CompleteStep
    | UseValue
    | HandOver
    | SkipStep
    | FailStep
    | CancelStep
    | FinishRun
)


Event: TypeAlias = Fact | Decision


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact and the decisions made because of it; `seq` counts from 0 without gaps."""

    seq: int
    fact: Fact
    decisions: tuple[Decision, ...]
