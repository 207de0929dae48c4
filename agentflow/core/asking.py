"""Decisions about people: what they are asked, and whether what they say counts.

An answer counts if it names an open question, was given in time to exactly what was asked, and says
something that the question allows. The first that counts closes the question, so each question has
one answer. An answer that is refused stays in the log with the reason.
"""

import hashlib
import json

from msgspec import Struct

from agentflow.contracts.check import Accepted
from agentflow.core import events
from agentflow.core.assertions import broken
from agentflow.core.events import Decision, Failure, PersonAnswered, Reason
from agentflow.core.failing import after_failure, fail
from agentflow.core.purse import owner_of
from agentflow.core.state import ENDED_RUN, Instance, State
from agentflow.core.values import Unusable, text_of, value_of
from agentflow.plan.approvals import no, yes
from agentflow.plan.contracts import ContractPlan
from agentflow.plan.steps import StepPlan
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import Json

# --- asking --------------------------------------------------------------------------------


def ask(state: State, instance: Instance) -> Decision:
    """The question of a `human` step."""
    step = instance.step
    question = step.question
    assert question is not None
    try:
        text = text_of(question.ask, instance.env, "'ask'")
        shown = value_of(question.shown, instance.env, "'with'")
    except Unusable as error:
        return after_failure(instance, error.failure)
    asks = Asks(text, question.channel, question.who, question.timeout, question.four_eyes)
    reason = Reason(f"{step.address}.human", "a person is to answer")
    return asked(state, instance, asks, reason, shown)


class Asks(Struct, frozen=True):
    """What the author asks, and whom: over which channel, of `who` if of somebody in particular.

    `within` is how many seconds there are for an answer, and with `four_eyes` it has to be from
    somebody else than who started the run.
    """

    text: str
    channel: str
    who: str | None
    within: float
    four_eyes: bool


def asked(
    state: State, instance: Instance, asks: Asks, reason: Reason, shown: Json = None
) -> Decision:
    """A question about a step, of its own or of an escalation, which shows what that was given."""
    ladder, output = instance.ladder, None
    if ladder is not None:
        output = instance.offered.value if instance.offered is not None else instance.said
        shown = given_to(instance)
    if instance.seeks_approval:
        shown, output = instance.env["input"], None
    answers = _admitted(instance)
    failure = ladder.failure if ladder is not None else None
    why = [str(failure.kind), failure.message] if failure is not None else None
    whole = asks.channel, asks.who, asks.text, shown, output, why, answers
    return events.AskPerson(
        step=instance.address,
        question=message_id(state, instance),
        number=state.people.messages,
        payload=payload_hash(state, instance, *whole),
        channel=asks.channel,
        who=asks.who,
        ask=asks.text,
        input=shown,
        answers=answers,
        asked=state.now,
        due=round(state.now + asks.within, 6),
        reason=reason,
        output=output,
        failure=failure if not instance.seeks_approval else None,
        escalation=ladder.plan.name if ladder is not None else None,
        level=ladder.level if ladder is not None else None,
        tool=instance.step.id if instance.seeks_approval else None,
        four_eyes=asks.four_eyes,
    )


def given_to(instance: Instance) -> Json:
    """What a step in an escalation was given: the input of its agent or pipeline, or what it shows.

    Everybody who is turned to about a question is shown the same as the first.
    """
    if instance.intent is not None:
        return dict(instance.intent.input)
    question = instance.step.question
    if question is not None:
        try:
            return value_of(question.shown, instance.env, "'with'")
        except Unusable:  # that is the failure which led here
            return None
    if instance.step.nested is not None and instance.inside is not None:
        return instance.inside.env["inputs"]
    return None


def _admitted(instance: Instance) -> list[str]:
    """What may be answered: only what has a meaning for this step."""
    answers = ["replace", "abort"]
    if instance.step.call is not None and not instance.seeks_approval:
        answers.insert(1, "retry")
    if _approved(instance) is not None:
        answers.insert(0, "approve")
    return answers


def contract_of(step: StepPlan, question: events.AskPerson) -> ContractPlan | None:
    """What a value keeps that a person answers with: before the call of a tool, its arguments."""
    if question.tool is not None and step.call is not None:
        return step.call.input
    return step.answerable


def refusal_of(step: StepPlan, question: events.AskPerson) -> Json:
    """The value with which a person says no to what a `human` step asks; None if there is none."""
    if question.tool is not None or step.question is None:
        return None
    return no(step.question.answer)


def message_id(state: State, instance: Instance) -> str:
    """The id of the next message: the same when the run is replayed, and nowhere else."""
    parts = (state.run_id, instance.address, str(state.people.messages))
    return "q" + hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:10]


def payload_hash(state: State, instance: Instance, *asked: Json) -> str:
    """What an answer is bound to: the run, the step, and all that is asked and shown."""
    whole = json.dumps([state.run_id, instance.address, *asked], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


# --- answers -------------------------------------------------------------------------------


def verdict(state: State) -> Decision:
    """Does the first answer that has come in count?"""
    answer = state.people.mail[0]
    problem = _problem(state, answer)
    if problem is not None:
        reason = Reason("language.answers", problem)
        return events.RefuseAnswer(answer.step, answer.question, answer.ticket, answer.by, reason)
    instance = state.people.open[answer.question]
    value = answer.value
    if answer.answer == "approve":
        approved = _approved(instance)
        assert approved is not None
        value = approved.value
    by = f" by {answer.by}" if answer.by else ""
    why = f": {answer.why}" if answer.why else ""
    return events.TakeAnswer(
        step=answer.step,
        question=answer.question,
        ticket=answer.ticket,
        by=answer.by,
        answer=answer.answer,  # type: ignore[arg-type]  # one of those that the question admits
        value=value if answer.answer in ("approve", "replace") else None,
        reason=Reason("language.answers", f"'{answer.answer}'{by}{why}"),
    )


def _problem(state: State, answer: PersonAnswered) -> str | None:
    """Why an answer does not count; None if it does."""
    if answer.problem is not None:
        return answer.problem
    how = state.people.closed.get(answer.question)
    if how is not None:
        return f"the question is no longer open: {how}"
    if state.status in ENDED_RUN:
        return f"the run has ended: {state.status}"
    instance = state.people.open.get(answer.question)
    if instance is None:
        return f"the run has asked no question '{answer.question}'"
    question = instance.question
    assert question is not None
    if question.step != answer.step:
        return f"the question is about step '{question.step}', not '{answer.step}'"
    if question.payload != answer.payload:
        return "it answers something else than what was asked"
    if (late := _late(instance, question, answer.given)) is not None:
        return late
    if question.four_eyes and (alone := _alone(state, answer.by)) is not None:
        return alone
    if answer.answer not in question.answers:
        admitted = ", ".join(f"'{one}'" for one in question.answers)
        return f"'{answer.answer}' is no answer to this question, expected one of: {admitted}"
    contract = contract_of(instance.step, question)
    if answer.answer == "replace" and contract is not None:
        violations = contract.checker.check(answer.value)
        if violations:
            return f"the value breaks its contract: {violations[0]}"
    return _untrue(instance, answer)


def _late(instance: Instance, question: events.AskPerson, given: float) -> str | None:
    """Why an answer comes too late: a time around the question is over, so nothing follows."""
    if given > question.due:
        return f"it came {time_in_words(given - question.due)} after the time was up"
    first = min(instance.purse.outwards(), key=lambda purse: purse.until)
    if given > first.until:
        return f"it came {time_in_words(given - first.until)} after {owner_of(first)} was over ({first.limit})"
    return None


def _alone(state: State, by: str | None) -> str | None:
    """Why this is no second pair of eyes; None if it is somebody else than who started the run."""
    if not by:
        return "it does not say by whom, and not whoever started the run is to answer"
    if state.by is None or _plain(by) == _plain(state.by):
        return f"'{by}' started the run, and somebody else is to answer"
    return None


def _plain(name: str) -> str:
    """A name as people would not tell it from another one."""
    return " ".join(name.casefold().split())


def _untrue(instance: Instance, answer: PersonAnswered) -> str | None:
    """What the step asserts about its output that the answer makes untrue."""
    if answer.answer not in ("approve", "replace"):
        return None
    approved = _approved(instance)
    value = approved.value if answer.answer == "approve" and approved else answer.value
    found = broken(instance, value)
    return "; ".join(found[1]) if found is not None else None


def _approved(instance: Instance) -> Accepted | None:
    """What a yes lets pass: a call, the answer that was held back, or the yes itself. Or None."""
    if instance.seeks_approval:
        return Accepted(instance.env["input"])
    if instance.step.question is None:
        return instance.offered
    value = yes(instance.step.question.answer)
    return Accepted(value) if value is not None else None


# --- no answer -----------------------------------------------------------------------------


def on_unanswered(_state: State, instance: Instance) -> Decision:
    """Nobody answered in time, or the question could not be delivered."""
    assert instance.failure is not None
    return after_failure(instance, instance.failure)


def on_aborted(_state: State, instance: Instance) -> Decision:
    """A person gave the step up. At the end of an escalation it is as the failure has left it."""
    aborted, ladder = instance.failure, instance.ladder
    assert aborted is not None
    if ladder is None:
        return after_failure(instance, aborted)
    failure = ladder.failure
    message = f"{failure.message}; {aborted.message}"
    reason = Reason("language.answers", aborted.message)
    return fail(instance, Failure(failure.kind, message, failure.cause), reason)
