"""A write whose process is killed turns to others: real processes, a real log, real files."""

import json

import pytest

from .shell import Project
from .test_crashes import crash
from .test_people import folder, questions, step

BROKEN = 'the answer breaks its contract: text: expected text that matches ^[a-z ]+$, found string "send!"'


@pytest.fixture
def unknown(project: Project) -> str:
    """A run that was killed in the middle of a write, and now waits for somebody who knows."""
    project.hold("send")
    run_id = crash(project, "send", "run", "ladder.yaml")
    project.release("send")
    assert project.json("resume", run_id, code=4)["status"] == "waiting"
    assert project.calls() == ["send"]
    return run_id


def test_levels_are_told_in_order(project: Project, unknown: str) -> None:
    (question,) = questions(project)
    assert question["answers"] == ["replace", "retry", "abort"]
    assert question["failure"]["kind"] == "unknown_effect"
    assert question["shown"] == {"name": "send"}
    notes = step(project, unknown, "send")["notes"]
    assert notes[1:] == [
        "unknown_effect: the process ended before the outcome was known; effects are 'write'",
        "escalated to 'desk'",
        "level 1: told ops",
        "level 2: another agent, agent 'reader'",
        f"attempt 2: {BROKEN}",
        f"level 2 did not help: invalid_output: {BROKEN}",
    ]


def test_a_notice_is_a_file_and_stays(project: Project, unknown: str) -> None:
    (path,) = folder(project, unknown, "notices").iterdir()
    notice = json.loads(path.read_text())
    assert (notice["text"], notice["who"]) == ("unknown_effect of send", "ops")
    assert notice["failure"]["kind"] == "unknown_effect"
    (question,) = folder(project, unknown, "questions").iterdir()
    assert json.loads(question.read_text())["failure"]["kind"] == "unknown_effect"


def test_whoever_knows_that_it_happened_says_what_came_of_it(
    project: Project, unknown: str
) -> None:
    value = ("--value", '{"text": "sent"}')
    assert project.json("answer", unknown, "send", "replace", *value)["taken"] is True
    assert project.json("resume", unknown)["outputs"] == {"text": "sent"}
    assert project.calls() == ["send"]
    assert project.agentflow("replay", unknown, "--quiet").code == 0


def test_whoever_knows_that_it_did_not_has_it_made_again(project: Project, unknown: str) -> None:
    assert project.json("answer", unknown, "send", "retry")["taken"] is True
    assert project.json("resume", unknown)["outputs"] == {"text": "send "}
    assert project.calls() == ["send", "send"]


def test_whoever_gives_it_up_leaves_it_unknown(project: Project, unknown: str) -> None:
    assert project.json("answer", unknown, "send", "abort", "--by", "kim")["taken"] is True
    done = project.json("resume", unknown, code=1)
    assert done["failure"]["kind"] == "unknown_effect"
    assert done["failure"]["message"].endswith("; aborted by kim")
    assert step(project, unknown, "send")["status"] == "unknown"


def test_simulated(project: Project) -> None:
    done = project.json("run", "ladder.yaml", "--simulate")
    assert (done["status"], done["mode"]) == ("succeeded", "simulated")
