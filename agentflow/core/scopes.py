"""How steps start and end inside their scopes.

A scope ends in one of two ways. If nothing in it fails, it is through when all its steps have
ended. If a step fails and no `catch` takes it, the scope closes: nothing new starts in it, what is
in flight may end and is recorded (with `fail_fast` it is stopped), waits for retries are given up,
and when nothing is active any more the failure is that of whatever the scope belongs to. The items
of a `for_each` with a `min_success` close only when too few of them can still succeed.
"""

from agentflow.core.events import TIME_LIMITS, Failure
from agentflow.core.items import next_item, too_few
from agentflow.core.limits import leave
from agentflow.core.state import Instance, Need, Scope, State, StepStatus, is_within
from agentflow.core.talks import FATAL
from agentflow.spec.model import FailureClass, Json

_ENDED = "the step has ended"
_GIVEN_UP: frozenset[StepStatus] = frozenset({"failed", "cancelled"})


def enter(state: State, instance: Instance, *, condition_holds: bool = False) -> None:
    """Nothing holds the step back any more: put it where its next decision is made."""
    if instance.scope.of_tasks:
        instance.scope.held.append(instance)
    elif instance.step.when is not None and not instance.is_item and not condition_holds:
        state.agenda.append((Need.CONDITION, instance))
    elif instance.step.approval is not None:
        state.agenda.append((Need.APPROVAL, instance))
    elif instance.expands or instance.step.kind != "agent":
        state.agenda.append((Need.ENTER, instance))
    else:
        state.ready.append(instance)


def activate(instance: Instance) -> None:
    """The step has started; starting again after a retry changes nothing."""
    instance.status = "running"
    if not instance.active:
        instance.active = True
        instance.scope.active += 1


def forget(state: State, instance: Instance, how: str) -> None:
    """The question about a step, if there is one, is open no longer; `how` says why."""
    question = instance.question
    if question is not None:
        instance.question = None
        state.waiting.pop(instance.address, None)
        del state.people.open[question.question]
        state.people.closed[question.question] = how
        state.people.undelivered.pop(question.question, None)


def fill(state: State, scope: Scope) -> None:
    """Begin with items of a `for_each`, or tasks, as long as there are any and room for them."""
    while not scope.closed and len(scope.items) < len(scope.values):
        ended = len(scope.values) - scope.remaining
        if len(scope.items) - ended >= scope.limit:
            return
        enter(state, next_item(scope))
    while not scope.closed and scope.held:
        ended = len(scope.steps) - scope.remaining
        if scope.begun - ended >= scope.limit:
            return
        scope.begun += 1
        task = scope.held.popleft()
        _hand_over(task)
        state.ready.append(task)


def _hand_over(task: Instance) -> None:
    """Let a task see what those that it needed came to; what was skipped is left out."""
    needed = (task.scope.steps[task_id] for task_id in task.step.upstream)
    results = {one.step.id: one.output for one in needed if one.status == "succeeded"}
    task.env = {**task.env, "task": {**task.env["task"], "results": results}}


def end(state: State, instance: Instance, status: StepStatus, output: Json = None) -> None:
    """The step has come to its end; whatever waited for it may go on."""
    scope = instance.scope
    forget(state, instance, f"the run was {state.cancelled}" if state.cancelled else _ENDED)
    leave(state, instance)
    from_inside = instance.inside is not None and instance.inside.failure is not None
    inside_unknown = instance.inside is not None and instance.inside.unknown
    scope.unknown |= status == "unknown" or (status in _GIVEN_UP and inside_unknown)
    instance.status = status
    instance.output = output
    instance.answer = None
    instance.said = instance.complaint = None
    instance.inside = None
    instance.intent = instance.talk = None
    for limit in TIME_LIMITS if state.timed else ():
        state.timed.pop((instance.address, limit), None)
    instance.env = scope.env  # an item's own names are not needed any more
    if instance.active:
        instance.active = False
        scope.active -= 1
    scope.remaining -= 1
    scope.succeeded += status == "succeeded"
    if scope.needed is not None:
        failure = too_few(scope, instance)
        if failure is not None and not scope.closed:
            failed(state, scope, failure)
    elif status in ("failed", "unknown") and not scope.closed and _spreads(instance):
        assert instance.failure is not None
        failed(state, scope, instance.failure if from_inside else _with_name(instance))
    if scope.closed:
        settle_closed(state, scope)
        return
    for step_id in instance.step.downstream if not instance.is_item else ():
        waiting = scope.steps[step_id]
        waiting.waits_for -= 1
        if waiting.waits_for == 0:
            enter(state, waiting)
    fill(state, scope)
    if scope.remaining == 0:
        state.agenda.append((Need.OUTPUT if scope.owner else Need.FINISH, scope.owner))


def _spreads(instance: Instance) -> bool:
    """Does its failure fail what it is in? Of most failures of a tool, only its model is told."""
    assert instance.failure is not None
    return not instance.scope.of_calls or instance.failure.kind in FATAL


def _with_name(instance: Instance) -> Failure:
    """The failure with the name of the step it began in, for those outside."""
    failure = instance.failure
    assert failure is not None
    return Failure(
        failure.kind, f"step '{instance.address}' failed: {failure.message}", failure.cause
    )


def failed(state: State, scope: Scope, failure: Failure) -> None:
    """Close a scope in which something has failed for good; with `fail_fast`, stop what goes on."""
    close(state, scope, failure)
    if scope.fail_fast:
        stop_in_flight(state, scope, Need.FAIL_FAST)


def close(state: State, scope: Scope, failure: Failure) -> None:
    """Start nothing new in a scope and in all that is active inside it."""
    if scope.closed:
        return
    scope.closed = True
    scope.failure = failure
    cancelled = Failure(FailureClass.CANCELLED, failure.message)
    for instance in scope.children():
        if not instance.active:
            continue
        if instance.status == "waiting":
            state.agenda.append((Need.STOP, instance))
        elif instance.inside is not None:
            close(state, instance.inside, cancelled)
            settle_closed(state, instance.inside)
    settle_closed(state, scope)


def stop_in_flight(state: State, scope: Scope, need: Need = Need.STOP) -> None:
    """Have the attempts that are in flight in a closed scope stopped; `need` says why."""
    state.agenda.extend(
        (need, instance) for instance in state.running.values() if is_within(instance, scope)
    )


def settle_closed(state: State, scope: Scope) -> None:
    """A closed scope is over as soon as nothing in it is active."""
    if scope.active == 0 and not scope.over:
        scope.over = True
        state.agenda.append((Need.FAILURE if scope.owner else Need.FINISH, scope.owner))


def prune(state: State) -> None:
    """Drop what stands at the head of a queue and may not start any more."""
    while state.ready and state.ready[0].scope.closed and not state.ready[0].active:
        state.ready.popleft()
    while state.agenda:
        instance = state.agenda[0][1]
        if instance is None or instance.active or not instance.scope.closed:
            return
        state.agenda.popleft()
