"""Nobody approves their own request, where the spec says so."""

import pytest

from agentflow.core.events import AskPerson, RefuseAnswer, TakeAnswer
from agentflow.engines.virtual import Said
from agentflow.spec.model import FailureClass
from tests.core.test_people import Asked, asking, plan_of
from tests.core.world import drive, pipeline

SECRETIVE = "it does not say by whom, and not whoever started the run is to answer"


def guarded() -> Asked:
    """A run that 'kim' started, with a question that wants somebody else."""
    step = asking()
    step["human"]["four_eyes"] = True
    return Asked(plan_of({"a": step}), by="kim")


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("kim", "'kim' started the run, and somebody else is to answer"),
        (" KIM ", "' KIM ' started the run, and somebody else is to answer"),
        (None, SECRETIVE),
        ("", SECRETIVE),
    ],
    ids=["same", "spelled", "nobody", "empty"],
)
def test_whoever_started_the_run_may_not_answer(by: str | None, why: str) -> None:
    run = guarded()
    assert run.question.four_eyes
    refused = run.answer(by=by)
    assert isinstance(refused, RefuseAnswer)
    assert refused.reason.text == why
    assert isinstance(run.answer(by="lee"), TakeAnswer)


def test_anybody_may_where_the_spec_does_not_say_so() -> None:
    assert isinstance(Asked(plan_of({"a": asking()}), by="kim").answer(by="kim"), TakeAnswer)


def test_if_nobody_knows_who_started_it_nobody_may() -> None:
    step = asking()
    step["human"]["four_eyes"] = True
    assert isinstance(Asked(plan_of({"a": step})).answer(by="lee"), RefuseAnswer)


def test_a_level_of_an_escalation_may_say_so_too() -> None:
    level = {"human": {"ask": "Well?", "four_eyes": True}, "within": "1h"}
    plan = pipeline(
        {"a": {"agent": "do", "catch": {"any": {"escalate": "desk"}}}},
        escalations={"desk": {"levels": [level], "on_exhausted": "fail"}},
    )
    run = drive(plan, lambda _call: FailureClass.REJECTED, person=lambda _: Said("abort", None, 1))
    (question,) = run.of(AskPerson)
    assert question.four_eyes
    (refused,) = run.of(RefuseAnswer)
    assert refused.reason.text == SECRETIVE
