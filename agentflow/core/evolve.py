"""The state after a fact or a decision.

Which event is possible when stands in `core.table`, what it does in `core.facts` and
`core.decisions`.
"""

from collections.abc import Callable
from typing import Any

from agentflow.core import (
    cancelling,
    deadlines,
    decisions,
    events,
    facts,
    ladders,
    questions,
    talking,
)
from agentflow.core.events import Event
from agentflow.core.scopes import prune
from agentflow.core.state import State


def evolve(state: State, event: Event) -> State:
    """The state after an event. The state is changed in place and given back.

    Raises:
        IllegalTransition: the table has no such row.
    """
    _ROWS[type(event)](state, event)
    prune(state)
    return state


_ROWS: dict[type, Callable[[State, Any], None]] = {
    events.RunStarted: facts.run_started,
    events.RunInterrupted: facts.run_interrupted,
    events.ProcessDied: facts.process_died,
    events.RunResumed: facts.run_resumed,
    events.CancelRequested: cancelling.cancel_requested,
    events.AttemptWaits: facts.attempt_held_up,
    events.AttemptAdmitted: facts.attempt_admitted,
    events.AttemptSucceeded: facts.attempt_succeeded,
    events.AttemptFailed: facts.attempt_failed,
    events.AttemptLost: facts.attempt_lost,
    events.AttemptEndedLate: facts.attempt_ended_late,
    events.TimerFired: facts.timer_fired,
    events.TimeRanOut: deadlines.time_ran_out,
    events.RunParked: questions.run_parked,
    events.Delivered: questions.delivered,
    events.NotDelivered: questions.not_delivered,
    events.PersonAnswered: questions.person_answered,
    events.BeginStep: decisions.begin_step,
    events.SetDeadline: deadlines.set_deadline,
    events.EnterGroup: decisions.enter_group,
    events.EnterPipeline: decisions.enter_pipeline,
    events.TakeCase: decisions.take_case,
    events.ExpandItems: decisions.expand_items,
    events.AssignTasks: decisions.assign_tasks,
    events.BeginIteration: decisions.begin_iteration,
    events.HoldBack: decisions.hold_back,
    events.StartAttempt: decisions.start_attempt,
    events.CallTools: talking.call_tools,
    events.NextTurn: talking.next_turn,
    events.AcceptOutput: decisions.accept_output,
    events.RejectOutput: decisions.reject_output,
    events.Repair: decisions.repair,
    events.FallBack: decisions.fall_back,
    events.Retry: decisions.retry,
    events.Escalate: ladders.escalate,
    events.TryLevel: ladders.try_level,
    events.LeaveLevel: ladders.leave_level,
    events.Notify: ladders.notify,
    events.AskPerson: questions.ask_person,
    events.TakeAnswer: questions.take_answer,
    events.RefuseAnswer: questions.refuse_answer,
    events.CompleteStep: decisions.complete_step,
    events.UseValue: decisions.use_value,
    events.HandOver: decisions.hand_over,
    events.SkipStep: decisions.skip_step,
    events.FailStep: decisions.fail_step,
    events.CancelAttempt: decisions.cancel_attempt,
    events.CancelStep: decisions.cancel_step,
    events.FinishRun: decisions.finish_run,
}
