"""Facts and decisions: everything that can stand in an event log.

A *fact* happened outside, in the past tense. A *decision* is what the core answered, in the
imperative, with its reason. An *entry* is one fact with the decisions made because of it; a log is
a list of entries and reads as "this happened, therefore that".

All of them are frozen plain data: JSON values, numbers, text. Times are seconds since 1970 in UTC
and enter with facts only. A step is named by its address (`agentflow.plan.address`).
"""

from typing import TypeAlias

from msgspec import Struct

from agentflow.core.events.decisions import (
    AcceptOutput,
    AssignTasks,
    BeginIteration,
    BeginStep,
    CallTools,
    CancelAttempt,
    CancelStep,
    CompleteStep,
    Decision,
    EnterGroup,
    EnterPipeline,
    ExpandItems,
    FailStep,
    FallBack,
    FinishRun,
    HandOver,
    HoldBack,
    NextTurn,
    RejectOutput,
    Repair,
    Retry,
    SetDeadline,
    SkipStep,
    StartAttempt,
    TakeCase,
    UseValue,
)
from agentflow.core.events.escalations import (
    AskPerson,
    Escalate,
    LeaveLevel,
    Notify,
    RefuseAnswer,
    TakeAnswer,
    TryLevel,
)
from agentflow.core.events.facts import (
    AttemptAdmitted,
    AttemptEndedLate,
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    AttemptWaits,
    CancelRequested,
    Delivered,
    Fact,
    NotDelivered,
    PersonAnswered,
    ProcessDied,
    RunInterrupted,
    RunParked,
    RunResumed,
    RunStarted,
    TimeRanOut,
    TimerFired,
)
from agentflow.core.events.parts import (
    TIME_LIMITS,
    AnswerKind,
    Complaint,
    Excess,
    Failure,
    FinalStatus,
    Reason,
    Receipt,
    RunMode,
    TimeLimit,
    Usage,
)

__all__ = [
    "TIME_LIMITS",
    "AcceptOutput",
    "AnswerKind",
    "AskPerson",
    "AssignTasks",
    "AttemptAdmitted",
    "AttemptEndedLate",
    "AttemptFailed",
    "AttemptLost",
    "AttemptSucceeded",
    "AttemptWaits",
    "BeginIteration",
    "BeginStep",
    "CallTools",
    "CancelAttempt",
    "CancelRequested",
    "CancelStep",
    "Complaint",
    "CompleteStep",
    "Decision",
    "Delivered",
    "EnterGroup",
    "EnterPipeline",
    "Entry",
    "Escalate",
    "Event",
    "Excess",
    "ExpandItems",
    "Fact",
    "FailStep",
    "Failure",
    "FallBack",
    "FinalStatus",
    "FinishRun",
    "HandOver",
    "HoldBack",
    "LeaveLevel",
    "NextTurn",
    "NotDelivered",
    "Notify",
    "PersonAnswered",
    "ProcessDied",
    "Reason",
    "Receipt",
    "RefuseAnswer",
    "RejectOutput",
    "Repair",
    "Retry",
    "RunInterrupted",
    "RunMode",
    "RunParked",
    "RunResumed",
    "RunStarted",
    "SetDeadline",
    "SkipStep",
    "StartAttempt",
    "TakeAnswer",
    "TakeCase",
    "TimeLimit",
    "TimeRanOut",
    "TimerFired",
    "TryLevel",
    "Usage",
    "UseValue",
]

Event: TypeAlias = Fact | Decision


class Entry(Struct, frozen=True):
    """One fact and the decisions made because of it; `seq` counts from 0 without gaps."""

    seq: int
    fact: Fact
    decisions: tuple[Decision, ...]
