"""When something is due in a run that nobody works on."""

import pytest

from agentflow.core import events
from agentflow.core.events import Fact
from agentflow.core.resting import due_at_rest

from .test_people import Asked, asking, plan_of
from .world import START

HOUR = 3600
DAY = 24 * HOUR
PARKED = events.RunParked(START + 1)
DEAD = events.ProcessDied(START + 1)


def asked(**more: str) -> Asked:
    """A run that asks somebody, with another step behind the answer."""
    after = {"agent": "do", "needs": ["a"]}
    run = Asked(plan_of({"a": asking(**more), "b": after}, budget={"wall": "3d"}))
    run.state.mode = "live"
    return run


def test_a_run_that_waits_is_due_when_the_time_of_a_question_is_up() -> None:
    run = asked(timeout="2h")
    run.tell(events.Delivered(START, "a", run.question.question, "somewhere"))
    run.tell(PARKED)
    assert due_at_rest(run.state) == START + 2 * HOUR


def test_a_run_that_waits_and_was_answered_is_due_at_once() -> None:
    run = asked()
    run.tell(events.Delivered(START, "a", run.question.question, "somewhere"))
    run.tell(PARKED)
    run.answer()
    assert due_at_rest(run.state) == 0


@pytest.mark.parametrize("quiet", [DEAD, events.RunInterrupted(START + 1, "SIGINT")])
def test_of_a_run_for_resume_only_answers_and_questions_count(quiet: Fact) -> None:
    """Its wall budget, and what was in flight, wait for a person anyway."""
    run = asked(timeout="2d")
    run.tell(quiet)
    assert due_at_rest(run.state) == START + 2 * DAY
    run.answer()
    assert due_at_rest(run.state) == 0
    run.tell(events.RunResumed(START + 5, "test"))
    run.tell(events.ProcessDied(START + 6))
    assert due_at_rest(run.state) is None


def test_a_run_that_has_ended_is_due_as_long_as_somebody_is_not_told() -> None:
    run = Asked(plan_of({"a": asking()}))
    run.answer()
    assert run.state.status == "succeeded"
    assert due_at_rest(run.state) is None
