"""What questions and answers do to the state: the part of the transition table about people.

A question is open from `AskPerson` until an answer counts, its time is up, it cannot be delivered
or its step ends otherwise. Answers are kept in the order in which they came in, and each is
decided on by itself.
"""

from agentflow.core import events
from agentflow.core.events import Failure
from agentflow.core.scopes import activate, end, forget
from agentflow.core.state import Instance, Need, State
from agentflow.core.table import IllegalTransition, expect_run, expect_status, take
from agentflow.core.talking import begin_afresh
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass

# --- facts ---------------------------------------------------------------------------------


def run_parked(state: State, event: events.RunParked) -> None:
    expect_run(state, event, "running")
    if not state.people.open:
        raise IllegalTransition(event, "run", "waiting for nobody")
    state.now = event.at
    state.status = "waiting"


def delivered(state: State, event: events.Delivered) -> None:
    _message(state, event)


def not_delivered(state: State, event: events.NotDelivered) -> None:
    _message(state, event)
    instance = state.people.open.get(event.message)
    if instance is not None:
        message = f"the question could not be delivered: {event.problem}"
        _unanswered(state, instance, Failure(FailureClass.NOT_SENT, message))


def person_answered(state: State, event: events.PersonAnswered) -> None:
    if state.root is None:
        raise IllegalTransition(event, "run", "not started")
    if event.ticket in state.people.tickets:
        raise IllegalTransition(event, event.ticket, "taken in already")
    state.now = max(state.now, event.at)
    state.people.tickets.add(event.ticket)
    state.people.mail.append(event)


def overdue(state: State, event: events.TimerFired) -> None:
    """The time to answer a question is up."""
    instance = state.people.open.get(event.question or "")
    if instance is None or instance.address != event.step:
        raise IllegalTransition(event, event.step or "run", "not asked this")
    assert instance.question is not None
    waited = instance.question.due - instance.question.asked
    message = f"no answer within {time_in_words(waited)}"
    _unanswered(state, instance, Failure(FailureClass.TIMEOUT, message))


# --- decisions -----------------------------------------------------------------------------


def ask_person(state: State, event: events.AskPerson) -> None:
    instance = take(state, event)
    activate(instance)
    instance.status = "waiting"
    instance.question = event
    instance.due = event.due
    state.waiting[instance.address] = instance
    state.people.open[event.question] = instance
    state.people.undelivered[event.question] = event
    state.people.messages += 1


def take_answer(state: State, event: events.TakeAnswer) -> None:
    answer = _mail(state, event)
    instance = state.people.open.get(event.question)
    if instance is None or instance.address != event.step:
        raise IllegalTransition(event, event.step, "not asked this")
    expect_status(event, instance)
    state.people.heard |= state.status != "running"
    by = f" by {answer.by}" if answer.by else ""
    forget(state, instance, f"it was answered{by}")
    if event.answer == "abort":
        why = f": {answer.why}" if answer.why else ""
        instance.failure = Failure(FailureClass.REJECTED, f"aborted{by or ' by a person'}{why}")
        state.agenda.append((Need.ABORTED, instance))
    elif instance.seeks_approval:
        instance.env = {**instance.env, "input": event.value}
        instance.instead = event.value if event.answer == "replace" else None
        instance.ladder = None
        state.ready.append(instance)
    elif event.answer == "retry":
        # A person has looked, so it is as if nothing had happened yet.
        instance.failures = instance.repairs = instance.link = 0
        instance.said = instance.complaint = instance.ladder = instance.offered = None
        instance.in_doubt = instance.acted = False
        begin_afresh(instance)
        state.ready.append(instance)
    else:
        end(state, instance, "succeeded", event.value)


def refuse_answer(state: State, event: events.RefuseAnswer) -> None:
    _mail(state, event)


# --- both ----------------------------------------------------------------------------------


def _message(state: State, event: events.Delivered | events.NotDelivered) -> None:
    """A message is on its way no longer."""
    if state.people.undelivered.pop(event.message, None) is None:
        raise IllegalTransition(event, event.step, "not sent this")
    state.now = max(state.now, event.at)


def _unanswered(state: State, instance: Instance, failure: Failure) -> None:
    how = "its time was up" if failure.kind is FailureClass.TIMEOUT else "it was not delivered"
    forget(state, instance, how)
    instance.failure = failure
    state.agenda.append((Need.UNANSWERED, instance))


def _mail(state: State, event: events.TakeAnswer | events.RefuseAnswer) -> events.PersonAnswered:
    """The answer that a decision is about: the first that has come in."""
    if not state.people.mail or state.people.mail[0].ticket != event.ticket:
        raise IllegalTransition(event, event.step, "not next to be decided")
    return state.people.mail.popleft()
