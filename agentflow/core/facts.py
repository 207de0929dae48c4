"""What each fact does to the state: the upper half of the transition table.

One function a fact, named after its class.
"""

from agentflow.core import events, limits
from agentflow.core.deadlines import end_time
from agentflow.core.effects import answered, doubt
from agentflow.core.events import Failure
from agentflow.core.purse import Purse
from agentflow.core.questions import overdue
from agentflow.core.scopes import enter
from agentflow.core.spending import settle_call
from agentflow.core.state import Instance, Need, State, open_pipeline
from agentflow.core.table import IllegalTransition, expect_run
from agentflow.core.talks import Asks, asked_for
from agentflow.core.values import read_answer
from agentflow.spec.model import ANSWERED


def run_started(state: State, event: events.RunStarted) -> None:
    if state.root is not None:
        raise IllegalTransition(event, "run", "started already")
    state.run_id = event.run_id
    state.mode = event.mode
    state.by = event.by
    state.started_at = state.now = event.at
    state.concurrency = event.concurrency
    env = {"inputs": event.inputs, "run": {"id": event.run_id}}
    state.prices, state.windows = event.prices, event.windows
    state.played = event.playback is not None
    budget = state.plan.budget
    purse = Purse(budget.bounds, "", time=budget.wall, until=event.at + budget.wall)
    state.root = open_pipeline(state.plan, "", None, env, purse)
    for instance in state.root.steps.values():
        if instance.waits_for == 0:
            enter(state, instance)


def run_interrupted(state: State, event: events.RunInterrupted) -> None:
    expect_run(state, event, "running")
    state.now = event.at
    state.status = "interrupted"


def process_died(state: State, event: events.ProcessDied) -> None:
    expect_run(state, event, "running")
    state.now = max(state.now, event.at)
    state.status = "crashed"


def run_resumed(state: State, event: events.RunResumed) -> None:
    if state.status not in ("running", "waiting", "interrupted", "crashed"):
        raise IllegalTransition(event, "run", state.status)
    state.now = event.at
    state.status = "running"
    state.people.heard = False


def attempt_held_up(state: State, event: events.AttemptWaits) -> None:
    """An attempt that waits for other runs is in flight all the same: it has its slot."""
    _in_flight(state, event).held_up = True


def attempt_admitted(state: State, event: events.AttemptAdmitted) -> None:
    instance = _in_flight(state, event)
    instance.held_up = False
    limits.leaves(state, instance)


def _in_flight(state: State, event: events.AttemptWaits | events.AttemptAdmitted) -> Instance:
    expect_run(state, event, "running", "interrupted")
    instance = state.running.get(event.step)
    if instance is None or instance.attempt != event.attempt:
        raise IllegalTransition(event, event.step, "not in this attempt")
    state.now = event.at
    return instance


def attempt_succeeded(state: State, event: events.AttemptSucceeded) -> None:
    instance = _ended_attempt(state, event)
    instance.said = event.text if event.text is not None else event.value
    if event.calls:
        instance.answer = Asks(asked_for(event.calls, instance.talk), event.text, event.thoughts)
    else:
        instance.answer = read_answer(instance, event)
    state.agenda.append((Need.ANSWER, instance))


def attempt_failed(state: State, event: events.AttemptFailed) -> None:
    instance = _ended_attempt(state, event)
    instance.failures += 1
    instance.said = None
    instance.wrong = (event.message,)
    instance.failure = Failure(event.failure, event.message)
    instance.retry_after = _longest(instance, event.retry_after)
    instance.counted = event.receipt.tokens if event.receipt is not None else None
    if event.failure.ambiguous:
        doubt(instance)
    elif event.failure in ANSWERED:
        answered(instance)
    state.agenda.append((Need.FAILURE, instance))


def _longest(instance: Instance, asked: float | None) -> float | None:
    """How long to wait before the models of a chain are asked again, if one of them has said so."""
    before = instance.retry_after if instance.link else None
    return max((wait for wait in (before, asked) if wait is not None), default=None)


def attempt_lost(state: State, event: events.AttemptLost) -> None:
    instance = _ended_attempt(state, event)
    if not instance.held_up:
        doubt(instance)
    state.agenda.append((Need.LOST, instance))


def attempt_ended_late(state: State, event: events.AttemptEndedLate) -> None:
    """It changes nothing, in whatever status the run is, also after its end."""
    if state.root is None:
        raise IllegalTransition(event, "run", "not started")
    state.now = max(state.now, event.at)


def timer_fired(state: State, event: events.TimerFired) -> None:
    expect_run(state, event, "running")
    state.now = event.at
    if event.question is not None:
        overdue(state, event)
        return
    if event.step is not None:
        instance = state.waiting.pop(event.step, None)
        if instance is None:
            raise IllegalTransition(event, event.step, "not waiting")
        limits.due(state, instance)
        state.ready.append(instance)
        return
    assert state.root is not None
    end_time(state, state.root, state.root.purse)


def _ended_attempt(
    state: State, event: events.AttemptSucceeded | events.AttemptFailed | events.AttemptLost
) -> Instance:
    """The instance whose attempt an outcome belongs to; it no longer holds a slot."""
    # An outcome may still come in while the run is being stopped; it is decided on at resume.
    expect_run(state, event, "running", "interrupted", "crashed")
    instance = state.running.get(event.step)
    if instance is None:
        raise IllegalTransition(event, event.step, "not running")
    if instance.attempt != event.attempt:
        raise IllegalTransition(event, event.step, f"in attempt {instance.attempt}")
    del state.running[event.step]
    failure = event.failure if isinstance(event, events.AttemptFailed) else None
    usage = None if isinstance(event, events.AttemptLost) else event.usage
    settle_call(state, instance, usage, failure)
    limits.over(state, instance, usage, failure)
    state.now = event.at
    return instance
