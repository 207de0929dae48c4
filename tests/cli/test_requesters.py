"""Whoever started a run does not answer its questions, where the spec says so."""

import pytest

from .shell import Done, Project
from .test_people import OUTPUTS, questions


@pytest.fixture
def guarded(project: Project) -> Project:
    project.edit("approval.yaml", "who: support}", "who: support, four_eyes: true}")
    return project


def test_refused_recorded_and_answered_by_somebody_else(guarded: Project) -> None:
    run_id = guarded.json("run", "approval.yaml", "--by", "Kim", code=4)["run"]
    (question,) = questions(guarded)
    assert question["four_eyes"] is True
    assert "    not by whoever started the run\n" in guarded.agentflow("inbox").out
    why = "'kim' started the run, and somebody else is to answer"
    say = ("answer", run_id, "approve", "approve", "--by")
    assert guarded.agentflow(*say, "kim") == Done(1, f"refused: {why}\n")
    (refused,) = guarded.json("show", run_id)["refused"]
    assert (refused["by"], refused["why"]) == ("kim", why)
    assert guarded.json(*say, "lee")["taken"] is True
    assert guarded.json("resume", run_id)["outputs"] == OUTPUTS
    assert guarded.agentflow("replay", run_id, "--quiet").code == 0


def test_by_default_it_is_the_user_of_the_system(guarded: Project) -> None:
    run_id = guarded.json("run", "approval.yaml", code=4)["run"]
    told = guarded.json("answer", run_id, "approve", "approve", code=1)
    assert told["reason"].endswith("started the run, and somebody else is to answer")
