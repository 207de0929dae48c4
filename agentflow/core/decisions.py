"""What each decision does to the state: the lower half of the transition table.

One function a decision, named after its class.
"""

from agentflow.contracts.check import Accepted
from agentflow.core import events, limits
from agentflow.core.acceptance import excerpt
from agentflow.core.effects import answered, note_effects
from agentflow.core.events import Complaint
from agentflow.core.items import needed, open_items, outcomes
from agentflow.core.purse import Purse, charge, hold
from agentflow.core.scopes import activate, end, enter, fill
from agentflow.core.spending import settle_call
from agentflow.core.state import (
    Instance,
    Need,
    Scope,
    State,
    Timed,
    open_pipeline,
    open_scope,
)
from agentflow.core.table import IllegalTransition, take
from agentflow.core.talking import begin_afresh
from agentflow.core.tasks import BadPlan, open_tasks, outputs_of, read_plan
from agentflow.core.values import items_of, value_of
from agentflow.plan import address
from agentflow.plan.calls import call_of
from agentflow.spec.model import FailureClass, Json


def begin_step(state: State, event: events.BeginStep) -> None:
    enter(state, take(state, event), condition_holds=True)


def enter_group(state: State, event: events.EnterGroup) -> None:
    instance = take(state, event)
    assert instance.step.body is not None
    _open(state, instance, open_scope(instance.step.body, instance.address, instance, instance.env))


def enter_pipeline(state: State, event: events.EnterPipeline) -> None:
    instance = take(state, event)
    assert instance.step.nested is not None
    plan = instance.step.nested.plan
    purse = Purse(plan.budget.bounds, instance.address, instance.funds)
    env = {"inputs": event.inputs, "run": {"id": state.run_id}}
    if event.wall is not None:
        purse.time, purse.until = event.wall, state.now + event.wall
        state.timed[instance.address, "pipeline"] = Timed(instance, purse.until)
    _open(state, instance, open_pipeline(plan, instance.address, instance, env, purse))


def take_case(state: State, event: events.TakeCase) -> None:
    instance = take(state, event)
    if event.case is None:
        plan, at = instance.step.default, address.default_case(instance.address)
    else:
        plan, at = instance.step.cases.get(event.case), address.child(instance.address, event.case)
    if plan is None:
        raise IllegalTransition(event, event.step, f"without a case '{event.case}'")
    _open(state, instance, open_scope(plan, at, instance, instance.env))


def expand_items(state: State, event: events.ExpandItems) -> None:
    instance = take(state, event)
    assert instance.step.for_each is not None
    values = items_of(instance)
    if len(values) != event.count:
        raise IllegalTransition(event, event.step, f"over {len(values)} items")
    limit = instance.step.for_each.parallel or state.concurrency
    least = needed(instance.step.for_each, event.count)
    _open(state, instance, open_items(instance, values, limit, least, event.keys))


def assign_tasks(state: State, event: events.AssignTasks) -> None:
    instance = take(state, event)
    delegate = instance.step.delegate
    assert delegate is not None
    tasks = read_plan(delegate, value_of(delegate.tasks, instance.env, "'delegate.plan'"))
    if isinstance(tasks, BadPlan) or [t.id for t in tasks] != [t["id"] for t in event.tasks]:
        raise IllegalTransition(event, event.step, "with another plan")
    limit = delegate.parallel or state.concurrency
    _open(state, instance, open_tasks(instance, tasks, limit))


def begin_iteration(state: State, event: events.BeginIteration) -> None:
    instance = take(state, event)
    last = -1 if instance.inside is None else instance.inside.env["loop"]["index"]
    if event.index != last + 1:
        raise IllegalTransition(event, event.step, f"in iteration {last}")
    assert instance.step.body is not None
    at = address.iteration(instance.address, event.index)
    env = {**instance.env, "loop": {"index": event.index, "state": event.state}}
    _open(state, instance, open_scope(instance.step.body, at, instance, env))


def _open(state: State, instance: Instance, scope: Scope) -> None:
    activate(instance)
    instance.inside = scope
    for inner in scope.steps.values():
        if inner.waits_for == 0:
            enter(state, inner)
    fill(state, scope)
    if scope.remaining == 0:
        state.agenda.append((Need.OUTPUT, instance))


def start_attempt(state: State, event: events.StartAttempt) -> None:
    instance = take(state, event)
    if event.attempt != instance.attempt + 1:
        raise IllegalTransition(event, event.step, f"in attempt {instance.attempt}")
    if instance.stand_in is None:
        instance.chosen = call_of(instance.step, event.agent)
        if not instance.handed_over:
            instance.choice = event.agent
    if instance.call is None:
        raise IllegalTransition(event, event.step, f"without an agent '{event.agent}'")
    activate(instance)
    instance.attempt = event.attempt
    instance.intent = instance.intent or event
    instance.failure = None
    state.running[instance.address] = instance
    note_effects(instance, event.effects)
    instance.held_up = False
    instance.held = {"calls": 1, **event.held}
    hold(instance.purse, instance.held)
    limits.begin(state, instance, event)


def hold_back(state: State, event: events.HoldBack) -> None:
    instance = take(state, event)
    activate(instance)
    instance.status = "waiting"
    limits.queue(state, instance, event)


def accept_output(state: State, event: events.AcceptOutput) -> None:
    instance = take(state, event)
    if not isinstance(instance.answer, Accepted):
        raise IllegalTransition(event, event.step, "without an answer that keeps its contract")
    end(state, instance, "succeeded", instance.answer.value)


def reject_output(state: State, event: events.RejectOutput) -> None:
    instance = take(state, event)
    answered(instance)
    instance.failures += 1
    instance.failure = event.failure
    if event.failure.kind is FailureClass.LOW_CONFIDENCE and isinstance(instance.answer, Accepted):
        instance.offered = instance.answer
    instance.answer = None
    instance.wrong = tuple(event.reason.figures.get("violations") or (event.reason.text,))
    state.agenda.appendleft((Need.FAILURE, instance))


def repair(state: State, event: events.Repair) -> None:
    instance = take(state, event)
    instance.status = "waiting"
    instance.repairs = event.repair
    instance.failures -= 1  # counted apart from retries
    instance.complaint = Complaint(excerpt(instance.said), event.violations)
    instance.said = None
    state.ready.append(instance)


def retry(state: State, event: events.Retry) -> None:
    instance = take(state, event)
    instance.status = "waiting"
    if event.counted:
        charge(instance.purse, {"retries": 1})
        instance.repairs = instance.link = 0
        instance.said = instance.complaint = None
    if event.delay > 0:
        instance.due = state.now + event.delay
        state.waiting[instance.address] = instance
    else:
        state.ready.append(instance)


def fall_back(state: State, event: events.FallBack) -> None:
    instance = take(state, event)
    if event.fallback not in dict(instance.fallbacks_left):
        raise IllegalTransition(event, event.step, "without this fallback")
    instance.status = "waiting"
    instance.link = event.fallback + 1
    instance.failures -= 1  # the attempt goes on with another model
    instance.repairs = 0
    instance.said = instance.complaint = None
    state.ready.append(instance)


def complete_step(state: State, event: events.CompleteStep) -> None:
    instance = take(state, event)
    assert instance.inside is not None
    output: Json
    if instance.expands:
        output = [i.output for i in instance.inside.items if i.status == "succeeded"]
        instance.outcomes = outcomes(instance.inside)
    elif instance.inside.of_tasks:
        output = outputs_of(instance.inside)
    else:
        output = event.output
    end(state, instance, "succeeded", output)


def hand_over(state: State, event: events.HandOver) -> None:
    instance = take(state, event)
    limits.leave(state, instance)
    instance.chosen = call_of(instance.step, event.agent)
    instance.handed_over = True
    instance.failures = instance.repairs = instance.link = 0
    instance.intent = instance.said = instance.complaint = instance.retry_after = None
    instance.offered = None
    instance.charged = False
    begin_afresh(instance)
    if instance.active:
        instance.status = "waiting"
    state.ready.append(instance)


def use_value(state: State, event: events.UseValue) -> None:
    end(state, take(state, event), "succeeded", event.value)


def skip_step(state: State, event: events.SkipStep) -> None:
    instance = take(state, event)
    instance.failure = event.failure
    end(state, instance, "skipped")


def fail_step(state: State, event: events.FailStep) -> None:
    instance = take(state, event)
    state.waiting.pop(instance.address, None)
    instance.failure = event.failure
    end(state, instance, event.status)


def cancel_attempt(state: State, event: events.CancelAttempt) -> None:
    instance = take(state, event)
    del state.running[instance.address]
    settle_call(state, instance, None, None)
    limits.over(state, instance, None, None)
    end(state, instance, event.status)


def cancel_step(state: State, event: events.CancelStep) -> None:
    instance = take(state, event)
    state.waiting.pop(instance.address, None)
    end(state, instance, "cancelled")


def finish_run(state: State, event: events.FinishRun) -> None:
    if not state.agenda or state.agenda[0][0] is not Need.FINISH:
        raise IllegalTransition(event, "run", "not through")
    state.agenda.clear()
    state.status = event.status
    state.outputs = event.outputs
    state.failure = event.failure
