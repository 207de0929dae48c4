"""Decisions: what the core answered, in the imperative, with its reason."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct, field

from agentflow.core.events.escalations import (
    AskPerson,
    Escalate,
    LeaveLevel,
    Notify,
    RefuseAnswer,
    TakeAnswer,
    TryLevel,
)
from agentflow.core.events.parts import (
    Failure,
    FinalStatus,
    Reason,
    TimeLimit,
)
from agentflow.spec.model import Effects, Json


class BeginStep(Struct, frozen=True):
    """`when` is true: the step takes place."""

    step: str
    reason: Reason


class SetDeadline(Struct, frozen=True):
    """The step begins, and has so many seconds from now on; `limit` says for what."""

    step: str
    limit: TimeLimit
    seconds: float
    reason: Reason


class EnterGroup(Struct, frozen=True):
    """The steps of a group may start."""

    step: str
    reason: Reason


class EnterPipeline(Struct, frozen=True):
    """The steps of another pipeline may start, with these inputs.

    `wall` is how many seconds it may take; None where the time of its caller is over before that.
    """

    step: str
    inputs: Mapping[str, Json]
    wall: float | None
    reason: Reason


class TakeCase(Struct, frozen=True):
    """A switch goes one way; `case` is None for `default`."""

    step: str
    case: str | None
    reason: Reason


class ExpandItems(Struct, frozen=True):
    """A `for_each` has its list of `count` items: one instance for each, called `keys` if named."""

    step: str
    count: int
    reason: Reason
    keys: tuple[str | int, ...] = ()


class AssignTasks(Struct, frozen=True):
    """A `delegate` has a plan that can be carried out: `tasks` are its {id, worker, needs}."""

    step: str
    tasks: list[Json]
    reason: Reason


class BeginIteration(Struct, frozen=True):
    """A loop goes round once more, or for the first time (`index` 0), with this state."""

    step: str
    index: int
    state: Mapping[str, Json]
    reason: Reason


class HoldBack(Struct, frozen=True):
    """A call waits before it starts, by the limits of its `model`: until then, or for others."""

    step: str
    model: str
    until: float | None
    reason: Reason


class StartAttempt(Struct, frozen=True):
    """Call the agent. This is the intent: stored before the first byte leaves.

    `timeout` is in seconds. `input` and `key`, the idempotency key, are frozen with the intent of
    the first attempt: all further attempts of the step carry the same. `held` is what is kept back
    of the budgets for this attempt, by quantity, besides the call itself. `model` is that of an
    escalation or a fallback, where one puts another in the place of the agent's. `turn` is that of
    a model which has tools: its attempts at an answer go on from turn to turn.
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
    turn: int | None = None


class CallTools(Struct, frozen=True):
    """Make the calls of tools that a chat model asks for in a turn, each at an address of its own.

    `calls` are {id, tool}, in the order of the model; what is `refused` is not called, and the
    model is told why.
    """

    step: str
    attempt: int
    turn: int
    calls: list[Json]
    reason: Reason


class NextTurn(Struct, frozen=True):
    """All calls of a turn have ended: tell the model what came of them, and hear what it says."""

    step: str
    turn: int
    reason: Reason


class CancelAttempt(Struct, frozen=True):
    """Stop an attempt in flight. `status` is `unknown` where it may have had its effect."""

    step: str
    attempt: int
    status: Literal["cancelled", "unknown"]
    reason: Reason


class AcceptOutput(Struct, frozen=True):
    """The answer keeps its contract; it is the output of the step."""

    step: str
    attempt: int
    reason: Reason


class RejectOutput(Struct, frozen=True):
    """The answer breaks its contract or is not sure enough.

    It stays in the log and nobody can read it.
    """

    step: str
    attempt: int
    failure: Failure
    reason: Reason


class Repair(Struct, frozen=True):
    """Ask the agent again, in another attempt, and tell it what was wrong with its answer.

    `repair` counts the repairs of this answer from 1; they are no retries.
    """

    step: str
    attempt: int
    repair: int
    violations: tuple[str, ...]
    reason: Reason


class Retry(Struct, frozen=True):
    """Make another attempt after `delay` seconds; `attempt` is its number.

    `counted` says whether it draws from the retry policy and the retry budget: the repetition of
    an attempt that a crash made void does not.
    """

    step: str
    attempt: int
    delay: float
    counted: bool
    reason: Reason


class FallBack(Struct, frozen=True):
    """Ask another model, in another attempt; `fallback` is its number in the chain, from 0.

    `model` is its name in the spec. It is no retry: that begins with the first model again.
    """

    step: str
    attempt: int
    fallback: int
    model: str
    reason: Reason


class CompleteStep(Struct, frozen=True):
    """A group, a switch, a loop, a `for_each`, a pipeline or a `delegate` is through.

    `output` is that of the group, case, last iteration or pipeline. Those of a `for_each` and of a
    `delegate` are made up of the outputs inside and are not written twice.
    """

    step: str
    output: Json
    reason: Reason


class UseValue(Struct, frozen=True):
    """`catch` puts a value in the place of the output; its `failure` is passed over."""

    step: str
    value: Json
    reason: Reason
    failure: Failure | None = None


class HandOver(Struct, frozen=True):
    """`catch` gives the same input to another agent."""

    step: str
    agent: str
    failure: Failure
    reason: Reason


class SkipStep(Struct, frozen=True):
    """The step does not take place, or its `failure` is passed over."""

    step: str
    reason: Reason
    failure: Failure | None = None


class FailStep(Struct, frozen=True):
    """The step fails, and what encloses it with it."""

    step: str
    status: Literal["failed", "unknown"]
    failure: Failure
    reason: Reason


class CancelStep(Struct, frozen=True):
    """The step is given up because of something outside it."""

    step: str
    reason: Reason


class FinishRun(Struct, frozen=True):
    """The run is over."""

    status: FinalStatus
    outputs: Mapping[str, Json] | None
    failure: Failure | None
    reason: Reason


Decision: TypeAlias = (
    BeginStep
    | SetDeadline
    | EnterGroup
    | EnterPipeline
    | TakeCase
    | ExpandItems
    | AssignTasks
    | BeginIteration
    | HoldBack
    | StartAttempt
    | CallTools
    | NextTurn
    | CancelAttempt
    | AcceptOutput
    | RejectOutput
    | Repair
    | FallBack
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
