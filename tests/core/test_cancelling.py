"""A run that somebody ends for good: everything active ends by a decision of its own."""

import pytest

from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.events import CancelRequested, Entry, Fact, Failure, FinishRun, Reason
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.core.table import IllegalTransition
from agentflow.plan.steps import Plan
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, pipeline, started

BY_KIM = "cancelled by kim: withdrawn"
CANCEL = CancelRequested(START + 5, "kim", "withdrawn")
WHY = Reason("language.cancel", BY_KIM)
ASK: dict[str, Json] = {
    "human": {"ask": "Well?", "answer": {"type": "boolean"}, "who": "support"},
    "timeout": "1h",
    "catch": {"timeout": "fail"},
}
RETRY: Json = {"max_attempts": 2, "on": ["server_error"], "backoff": {"jitter": "none"}}


class Told:
    """A run that is told its facts one by one."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.state = State(plan)
        self.entries: list[Entry] = []
        self.tell(started())

    def tell(self, fact: Fact) -> tuple[events.Decision, ...]:
        evolve(self.state, fact)
        _, made = settle(self.state)
        self.entries.append(Entry(len(self.entries), fact, made))
        return made

    def cancel(self) -> tuple[events.Decision, ...]:
        """Cancel it; what follows is replayed."""
        made = self.tell(CANCEL)
        assert replay(self.plan, self.entries).divergence is None
        assert fold(self.plan, self.entries).status == "cancelled"
        return made


def finish() -> FinishRun:
    return FinishRun("cancelled", None, Failure(FailureClass.CANCELLED, BY_KIM), WHY)


def test_what_is_in_flight_is_stopped_and_a_write_is_unknown() -> None:
    run = Told(pipeline({"a": {"agent": "do"}, "b": {"agent": "write"}, "c": {"agent": "do"}}))
    run.tell(events.AttemptSucceeded(START + 1, "c", 1, value={}))
    assert run.cancel() == (
        events.CancelAttempt("a", 1, "cancelled", WHY),
        events.CancelAttempt("b", 1, "unknown", WHY),
        finish(),
    )
    assert not run.state.running
    assert not run.state.agenda


def test_waits_and_questions_are_given_up() -> None:
    run = Told(
        pipeline({"a": {"agent": "do", "retry": RETRY}, "b": ASK, "c": {"needs": ["a"], **ASK}})
    )
    run.tell(events.AttemptFailed(START + 1, "a", 1, FailureClass.SERVER_ERROR, "no"))
    assert run.cancel() == (
        events.CancelStep("a", WHY),
        events.CancelStep("b", WHY),
        finish(),
    )
    assert not run.state.waiting
    assert not run.state.people.open


def test_a_wait_after_a_write_that_may_have_happened_is_unknown() -> None:
    step = {
        "agent": "write",
        "idempotency_key": "k",
        "retry": {**RETRY, "on": ["timeout"]},
    }
    run = Told(pipeline({"a": step}))
    run.tell(events.AttemptFailed(START + 1, "a", 1, FailureClass.TIMEOUT, "late"))
    failed, ended = run.cancel()
    assert isinstance(failed, events.FailStep)
    assert (failed.status, failed.reason) == ("unknown", WHY)
    assert ended == finish()


def test_what_is_inside_ends_before_what_is_around() -> None:
    inner: Json = {"steps": {"x": {"agent": "do"}, "y": {"agent": "do", "needs": ["x"]}}}
    loop: Json = {"loop": {"max": 2, "until": "true", "steps": {"z": {"agent": "do"}}}}
    items: Json = {"agent": "do", "for_each": {"over": [1, 2, 3], "max": 3, "parallel": 1}}
    run = Told(pipeline({"g": inner, "l": loop, "i": items}))
    told = [f"{type(each).__name__} {getattr(each, 'step', '')}".rstrip() for each in run.cancel()]
    assert told == [
        "CancelAttempt g/x",
        "CancelAttempt l[#0]/z",
        "CancelAttempt i[0]",
        "CancelStep g",
        "CancelStep l",
        "CancelStep i",
        "FinishRun",
    ]


def test_a_run_that_waits_for_people_ends_and_refuses_their_answers() -> None:
    run = Told(pipeline({"a": ASK}))
    (asking,) = run.state.people.open.values()
    question = asking.question
    assert question is not None
    run.tell(events.Delivered(START + 1, "a", question.question))
    run.tell(events.RunParked(START + 1))
    assert run.cancel() == (events.CancelStep("a", WHY), finish())
    answer = events.PersonAnswered(
        START + 9, "t", "a", question.question, question.payload, START + 9, "approve", by="lee"
    )
    (refused,) = run.tell(answer)
    assert isinstance(refused, events.RefuseAnswer)
    assert refused.reason.text == f"the question is no longer open: the run was {BY_KIM}"


def test_what_came_in_after_an_interruption_counts_all_the_same() -> None:
    run = Told(
        pipeline({"a": {"agent": "do"}, "b": {"agent": "do", "retry": RETRY}, "c": {"agent": "do"}})
    )
    run.tell(events.RunInterrupted(START + 1, "SIGTERM"))
    run.tell(events.AttemptSucceeded(START + 2, "a", 1, value={}))
    run.tell(events.AttemptFailed(START + 2, "b", 1, FailureClass.SERVER_ERROR, "no"))
    accepted, failed, stopped, ended = run.cancel()
    assert (type(accepted), type(failed)) == (events.AcceptOutput, events.FailStep)
    assert isinstance(failed, events.FailStep)
    assert failed.reason.figures["no_retry"] == f"the run was {BY_KIM}"
    assert stopped == events.CancelAttempt("c", 1, "cancelled", WHY)
    assert ended == finish()


def test_a_run_that_was_failing_is_cancelled() -> None:
    run = Told(pipeline({"a": {"agent": "do"}, "b": {"agent": "do"}}))
    run.tell(events.AttemptFailed(START + 1, "a", 1, FailureClass.REJECTED, "no"))
    assert run.cancel() == (events.CancelAttempt("b", 1, "cancelled", WHY), finish())


@pytest.mark.parametrize(
    ("by", "why", "words"),
    [
        (None, None, "cancelled"),
        ("kim", None, "cancelled by kim"),
        (None, "too dear", "cancelled: too dear"),
    ],
)
def test_nobody_has_to_say_who_and_why(by: str | None, why: str | None, words: str) -> None:
    run = Told(pipeline({"a": {"agent": "do"}}))
    run.tell(CancelRequested(START + 1, by, why))
    assert run.state.failure == Failure(FailureClass.CANCELLED, words)


def test_a_run_that_has_ended_cannot_be_cancelled() -> None:
    run = Told(pipeline({"a": {"agent": "do"}}))
    run.tell(events.AttemptSucceeded(START + 1, "a", 1, value={}))
    with pytest.raises(IllegalTransition, match="'run' is succeeded"):
        run.tell(CANCEL)
