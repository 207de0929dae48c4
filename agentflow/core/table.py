"""The transition table: from which status of a step each fact and each decision is possible.

    event             from                       to
    BeginStep         pending                    pending
    SetDeadline       pending                    pending
    EnterGroup        pending                    running
    EnterPipeline     pending                    running
    TakeCase          pending                    running
    ExpandItems       pending                    running
    AssignTasks       pending                    running
    BeginIteration    pending, running           running
    HoldBack          pending, waiting           waiting
    StartAttempt      pending, waiting           running
    CallTools         running                    running
    NextTurn          running                    waiting
    AttemptWaits      running                    running
    AttemptAdmitted   running                    running
    AttemptSucceeded  running                    running
    AttemptFailed     running                    running
    AttemptLost       running                    running
    AcceptOutput      running                    succeeded
    RejectOutput      running                    running
    Repair            running                    waiting
    FallBack          running                    waiting
    Retry             running                    waiting
    TimerFired        waiting                    waiting
    TimeRanOut        waiting, running           waiting, running
    Escalate          pending, waiting, running  running
    TryLevel          running                    waiting
    LeaveLevel        waiting, running           running
    Notify            running                    running
    AskPerson         pending, waiting, running  waiting
    TakeAnswer        waiting                    succeeded, waiting
    CompleteStep      running                    succeeded
    UseValue          pending, waiting, running  succeeded
    HandOver          pending, waiting, running  pending, waiting
    SkipStep          pending, waiting, running  skipped
    FailStep          pending, waiting, running  failed, unknown
    CancelAttempt     running                    cancelled, unknown
    CancelStep        waiting, running           cancelled

`AttemptEndedLate` is about an attempt that is over, and is possible in every status, also of the
run.

An answer is decided on in every status of the run, also after its end. `TakeAnswer` and
`RefuseAnswer` are about the first answer that has come in rather than the head of the agenda.

Everything else is illegal: it means that the log is not one that this plan could have written.
"""

from typing import Any

from agentflow.core import events
from agentflow.core.events import Event
from agentflow.core.state import Instance, State, StepStatus

_UNSETTLED: frozenset[StepStatus] = frozenset({"pending", "waiting", "running"})
_RUNNING: frozenset[StepStatus] = frozenset({"running"})
_PENDING: frozenset[StepStatus] = frozenset({"pending"})
_WAITING: frozenset[StepStatus] = frozenset({"waiting"})
FROM: dict[type, frozenset[StepStatus]] = {
    events.BeginStep: _PENDING,
    events.SetDeadline: _PENDING,
    events.EnterGroup: _PENDING,
    events.EnterPipeline: _PENDING,
    events.TakeCase: _PENDING,
    events.ExpandItems: _PENDING,
    events.AssignTasks: _PENDING,
    events.BeginIteration: frozenset({"pending", "running"}),
    events.HoldBack: frozenset({"pending", "waiting"}),
    events.StartAttempt: frozenset({"pending", "waiting"}),
    events.CallTools: _RUNNING,
    events.NextTurn: _RUNNING,
    events.AttemptWaits: _RUNNING,
    events.AttemptAdmitted: _RUNNING,
    events.AttemptSucceeded: _RUNNING,
    events.AttemptFailed: _RUNNING,
    events.AttemptLost: _RUNNING,
    events.AcceptOutput: _RUNNING,
    events.RejectOutput: _RUNNING,
    events.Repair: _RUNNING,
    events.FallBack: _RUNNING,
    events.Retry: _RUNNING,
    events.TimerFired: _WAITING,
    events.TimeRanOut: frozenset({"waiting", "running"}),
    events.Escalate: _UNSETTLED,
    events.TryLevel: _RUNNING,
    events.LeaveLevel: frozenset({"waiting", "running"}),
    events.Notify: _RUNNING,
    events.AskPerson: _UNSETTLED,
    events.TakeAnswer: _WAITING,
    events.CompleteStep: _RUNNING,
    events.UseValue: _UNSETTLED,
    events.HandOver: _UNSETTLED,
    events.SkipStep: _UNSETTLED,
    events.FailStep: _UNSETTLED,
    events.CancelAttempt: _RUNNING,
    events.CancelStep: frozenset({"waiting", "running"}),
}


class IllegalTransition(AssertionError):
    """An event that cannot happen in this state: the log and the plan do not belong together."""

    def __init__(self, event: Event, step: str, status: str) -> None:
        super().__init__(f"{type(event).__name__} is impossible: '{step}' is {status}")
        self.event = event
        self.step = step
        self.status = status


def expect_run(state: State, event: Event, *statuses: str) -> None:
    """Raise `IllegalTransition` unless the run has one of these statuses."""
    if state.root is None or state.status not in statuses:
        raise IllegalTransition(event, "run", state.status if state.root else "not started")


def expect_status(event: Any, instance: Instance) -> None:
    """Raise `IllegalTransition` unless the table has a row for this status."""
    if instance.status not in FROM[type(event)]:
        raise IllegalTransition(event, event.step, instance.status)


def take(state: State, event: Any) -> Instance:
    """The instance that a decision is about: the head of the agenda, or else of the ready calls.

    Raises:
        IllegalTransition: it is not next, or its status is not in the table.
    """
    if state.agenda:
        instance = state.agenda[0][1]
        queue: Any = state.agenda
    elif state.ready:
        instance = state.ready[0]
        queue = state.ready
    else:
        raise IllegalTransition(event, event.step, "not to be decided")
    if instance is None or instance.address != event.step:
        raise IllegalTransition(event, event.step, "not next to be decided")
    expect_status(event, instance)
    queue.popleft()
    return instance
