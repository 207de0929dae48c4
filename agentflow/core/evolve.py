"""The transition table: what each fact and each decision does to the state.

    event             from                       to
    BeginStep         pending                    pending
    EnterGroup        pending                    running
    TakeCase          pending                    running
    ExpandItems       pending                    running
    StartAttempt      pending, waiting           running
    AttemptSucceeded  running                    running
    AttemptFailed     running                    running
    AttemptLost       running                    running
    AcceptOutput      running                    succeeded
    RejectOutput      running                    running
    Retry             running                    waiting
    TimerFired        waiting                    waiting
    CompleteStep      running                    succeeded
    UseValue          pending, waiting, running  succeeded
    SkipStep          pending, waiting, running  skipped
    FailStep          pending, waiting, running  failed, unknown
    CancelAttempt     running                    cancelled, unknown
    CancelStep        waiting, running           cancelled

Everything else is illegal: it means that the log is not one that this plan could have written.
"""

from collections.abc import Callable
from typing import Any

from agentflow.contracts.check import Accepted
from agentflow.core import events
from agentflow.core.events import Event, Failure
from agentflow.core.scopes import activate, close, end, enter, fill, prune
from agentflow.core.state import Instance, Need, Scope, State, StepStatus, open_items, open_scope
from agentflow.core.values import items_of, read_answer
from agentflow.plan import address
from agentflow.spec.model import FailureClass

_UNSETTLED: frozenset[StepStatus] = frozenset({"pending", "waiting", "running"})
_RUNNING: frozenset[StepStatus] = frozenset({"running"})
_PENDING: frozenset[StepStatus] = frozenset({"pending"})
FROM: dict[type, frozenset[StepStatus]] = {
    events.BeginStep: _PENDING,
    events.EnterGroup: _PENDING,
    events.TakeCase: _PENDING,
    events.ExpandItems: _PENDING,
    events.StartAttempt: frozenset({"pending", "waiting"}),
    events.AttemptSucceeded: _RUNNING,
    events.AttemptFailed: _RUNNING,
    events.AttemptLost: _RUNNING,
    events.AcceptOutput: _RUNNING,
    events.RejectOutput: _RUNNING,
    events.Retry: _RUNNING,
    events.TimerFired: frozenset({"waiting"}),
    events.CompleteStep: _RUNNING,
    events.UseValue: _UNSETTLED,
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


def evolve(state: State, event: Event) -> State:
    """The state after an event. The state is changed in place and given back.

    Raises:
        IllegalTransition: the table has no such row.
    """
    _ROWS[type(event)](state, event)
    prune(state)
    return state


# --- facts ---------------------------------------------------------------------------------


def _run_started(state: State, event: events.RunStarted) -> None:
    if state.root is not None:
        raise IllegalTransition(event, "run", "started already")
    state.run_id = event.run_id
    state.mode = event.mode
    state.started_at = state.now = event.at
    state.concurrency = event.concurrency
    env = {"inputs": event.inputs, "run": {"id": event.run_id}}
    state.root = open_scope(state.plan.root, "", None, env)
    for instance in state.root.steps.values():
        if instance.waits_for == 0:
            enter(state, instance)


def _run_interrupted(state: State, event: events.RunInterrupted) -> None:
    _expect_run(state, event, "running")
    state.now = event.at
    state.status = "interrupted"


def _run_resumed(state: State, event: events.RunResumed) -> None:
    if state.status not in ("running", "interrupted"):
        raise IllegalTransition(event, "run", state.status)
    state.now = event.at
    state.status = "running"


def _attempt_succeeded(state: State, event: events.AttemptSucceeded) -> None:
    instance = _ended_attempt(state, event)
    instance.answer = read_answer(instance.step, event)
    state.agenda.append((Need.ANSWER, instance))


def _attempt_failed(state: State, event: events.AttemptFailed) -> None:
    instance = _ended_attempt(state, event)
    instance.failures += 1
    instance.failure = Failure(event.failure, event.message)
    instance.retry_after = event.retry_after
    state.agenda.append((Need.FAILURE, instance))


def _attempt_lost(state: State, event: events.AttemptLost) -> None:
    state.agenda.append((Need.LOST, _ended_attempt(state, event)))


def _timer_fired(state: State, event: events.TimerFired) -> None:
    _expect_run(state, event, "running")
    state.now = event.at
    if event.step is not None:
        instance = state.waiting.pop(event.step, None)
        if instance is None:
            raise IllegalTransition(event, event.step, "not waiting")
        state.ready.append(instance)
        return
    assert state.root is not None
    wall = state.plan.budget.wall
    close(
        state,
        state.root,
        Failure(FailureClass.BUDGET_EXCEEDED, f"the run took longer than {wall:g} s (budget.wall)"),
    )
    state.agenda.extend((Need.STOP, instance) for instance in state.running.values())


def _ended_attempt(
    state: State, event: events.AttemptSucceeded | events.AttemptFailed | events.AttemptLost
) -> Instance:
    """The instance whose attempt an outcome belongs to; it no longer holds a slot."""
    # An outcome may still come in while the run is being stopped; it is decided on at resume.
    _expect_run(state, event, "running", "interrupted")
    instance = state.running.get(event.step)
    if instance is None:
        raise IllegalTransition(event, event.step, "not running")
    if instance.attempt != event.attempt:
        raise IllegalTransition(event, event.step, f"in attempt {instance.attempt}")
    del state.running[event.step]
    state.now = event.at
    return instance


def _expect_run(state: State, event: Event, *statuses: str) -> None:
    if state.root is None or state.status not in statuses:
        raise IllegalTransition(event, "run", state.status if state.root else "not started")


# --- decisions -----------------------------------------------------------------------------


def _take(state: State, event: Any) -> Instance:
    """The instance that a decision is about: the head of the agenda, or else of the ready calls."""
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
    if instance.status not in FROM[type(event)]:
        raise IllegalTransition(event, event.step, instance.status)
    queue.popleft()
    return instance


def _begin_step(state: State, event: events.BeginStep) -> None:
    enter(state, _take(state, event), condition_holds=True)


def _enter_group(state: State, event: events.EnterGroup) -> None:
    instance = _take(state, event)
    assert instance.step.body is not None
    _open(state, instance, open_scope(instance.step.body, instance.address, instance, instance.env))


def _take_case(state: State, event: events.TakeCase) -> None:
    instance = _take(state, event)
    if event.case is None:
        plan, at = instance.step.default, address.default_case(instance.address)
    else:
        plan, at = instance.step.cases.get(event.case), address.child(instance.address, event.case)
    if plan is None:
        raise IllegalTransition(event, event.step, f"without a case '{event.case}'")
    _open(state, instance, open_scope(plan, at, instance, instance.env))


def _expand_items(state: State, event: events.ExpandItems) -> None:
    instance = _take(state, event)
    assert instance.step.for_each is not None
    values = items_of(instance)
    if len(values) != event.count:
        raise IllegalTransition(event, event.step, f"over {len(values)} items")
    limit = instance.step.for_each.parallel or state.concurrency
    _open(state, instance, open_items(instance, values, limit))


def _open(state: State, instance: Instance, scope: Scope) -> None:
    activate(instance)
    instance.inside = scope
    for inner in scope.steps.values():
        if inner.waits_for == 0:
            enter(state, inner)
    fill(state, scope)
    if scope.remaining == 0:
        state.agenda.append((Need.OUTPUT, instance))


def _start_attempt(state: State, event: events.StartAttempt) -> None:
    instance = _take(state, event)
    if event.attempt != instance.attempt + 1:
        raise IllegalTransition(event, event.step, f"in attempt {instance.attempt}")
    activate(instance)
    instance.attempt = event.attempt
    instance.failure = None
    state.running[instance.address] = instance
    state.calls += 1


def _accept_output(state: State, event: events.AcceptOutput) -> None:
    instance = _take(state, event)
    if not isinstance(instance.answer, Accepted):
        raise IllegalTransition(event, event.step, "without an answer that keeps its contract")
    end(state, instance, "succeeded", instance.answer.value)


def _reject_output(state: State, event: events.RejectOutput) -> None:
    instance = _take(state, event)
    instance.failures += 1
    instance.failure = event.failure
    instance.answer = None
    state.agenda.appendleft((Need.FAILURE, instance))


def _retry(state: State, event: events.Retry) -> None:
    instance = _take(state, event)
    instance.status = "waiting"
    if event.counted:
        state.retries += 1
    if event.delay > 0:
        instance.due = state.now + event.delay
        state.waiting[instance.address] = instance
    else:
        state.ready.append(instance)


def _complete_step(state: State, event: events.CompleteStep) -> None:
    instance = _take(state, event)
    assert instance.inside is not None
    if instance.expands:
        output = [i.output for i in instance.inside.items if i.status == "succeeded"]
    else:
        output = event.output
    end(state, instance, "succeeded", output)


def _use_value(state: State, event: events.UseValue) -> None:
    end(state, _take(state, event), "succeeded", event.value)


def _skip_step(state: State, event: events.SkipStep) -> None:
    end(state, _take(state, event), "skipped")


def _fail_step(state: State, event: events.FailStep) -> None:
    instance = _take(state, event)
    instance.failure = event.failure
    end(state, instance, event.status)


def _cancel_attempt(state: State, event: events.CancelAttempt) -> None:
    instance = _take(state, event)
    del state.running[instance.address]
    end(state, instance, event.status)


def _cancel_step(state: State, event: events.CancelStep) -> None:
    instance = _take(state, event)
    state.waiting.pop(instance.address, None)
    end(state, instance, "cancelled")


def _finish_run(state: State, event: events.FinishRun) -> None:
    if not state.agenda or state.agenda[0][0] is not Need.FINISH:
        raise IllegalTransition(event, "run", "not through")
    state.agenda.clear()
    state.status = event.status
    state.outputs = event.outputs
    state.failure = event.failure


_ROWS: dict[type, Callable[[State, Any], None]] = {
    events.RunStarted: _run_started,
    events.RunInterrupted: _run_interrupted,
    events.RunResumed: _run_resumed,
    events.AttemptSucceeded: _attempt_succeeded,
    events.AttemptFailed: _attempt_failed,
    events.AttemptLost: _attempt_lost,
    events.TimerFired: _timer_fired,
    events.BeginStep: _begin_step,
    events.EnterGroup: _enter_group,
    events.TakeCase: _take_case,
    events.ExpandItems: _expand_items,
    events.StartAttempt: _start_attempt,
    events.AcceptOutput: _accept_output,
    events.RejectOutput: _reject_output,
    events.Retry: _retry,
    events.CompleteStep: _complete_step,
    events.UseValue: _use_value,
    events.SkipStep: _skip_step,
    events.FailStep: _fail_step,
    events.CancelAttempt: _cancel_attempt,
    events.CancelStep: _cancel_step,
    events.FinishRun: _finish_run,
}
