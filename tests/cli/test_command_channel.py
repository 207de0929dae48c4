"""The channel `command`: real programs that are given a question, and may answer it."""

import json
import signal

import pytest

from .shell import Project
from .test_people import questions, step

SPEC = """
agentflow: 1
name: paged
budget: {wall: 3d}
channels:
  pager:
    kind: command
    argv: [./page, --urgent]
    env: {TOKEN: {secret: PAGER_TOKEN}}
    timeout: 20s
steps:
  approve:
    human: {ask: "Refund order 7?", answer: {type: boolean}, channel: pager}
    with: {order: "7"}
    timeout: 2d
    catch: {timeout: fail}
outputs: {ok: "${{ steps.approve.output }}"}
"""
ENV = {"PAGER_TOKEN": "a-token-of-the-pager"}
UNDELIVERED = "step 'approve' failed: the question could not be delivered: "


@pytest.fixture
def paged(project: Project) -> Project:
    project.write("paged.yaml", SPEC)
    return project


def page(project: Project, script: str) -> None:
    """The program that is given the questions."""
    project.write("page", f"#!/bin/sh\n{script}\n").chmod(0o755)


def test_it_is_given_the_message_and_the_answer_comes_later(paged: Project) -> None:
    page(paged, 'cat > message; echo "$1 $AGENTFLOW_STEP $TOKEN" > told')
    run_id = paged.json("run", "paged.yaml", code=4, env=ENV)["run"]
    message = json.loads((paged.folder / "message").read_text())
    (asked,) = questions(paged)
    assert (message["kind"], message["run"]) == ("question", run_id)
    assert (message["question"], message["shown"]) == (asked["question"], {"order": "7"})
    assert (paged.folder / "told").read_text() == "--urgent approve a-token-of-the-pager\n"
    assert step(paged, run_id)["asked"][0]["delivered"] == "program './page'"
    assert paged.json("answer", run_id, "approve", "approve")["taken"] is True
    assert paged.json("resume", run_id, env=ENV)["outputs"] == {"ok": True}


def test_what_it_prints_is_the_answer(paged: Project) -> None:
    page(
        paged, """echo '{"answer": "replace", "value": false, "by": "the desk", "reason": "old"}'"""
    )
    done = paged.json("run", "paged.yaml", env=ENV)
    assert done["outputs"] == {"ok": False}
    (asked,) = step(paged, done["run"])["asked"]
    assert (asked["closed"], asked["by"]) == ("replace", "the desk")
    assert paged.agentflow("replay", done["run"], "--quiet").code == 0


def test_an_answer_that_does_not_count_leaves_the_question_open(paged: Project) -> None:
    page(paged, """echo '{"answer": "replace", "value": "yes", "by": "the desk"}'""")
    run_id = paged.json("run", "paged.yaml", code=4, env=ENV)["run"]
    (refused,) = paged.json("show", run_id)["refused"]
    assert refused["why"].startswith("the value breaks its contract: ")
    assert len(questions(paged)) == 1


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo no >&2; echo line >&2; exit 3",
            "program './page' ended with exit code 3: line; it said: no line",
        ),
        ("echo yes", "program './page' printed what is no answer: not JSON: "),
        ("echo '[]'", "program './page' printed what is no answer: an object with 'answer' is one"),
        (
            """echo '{"answer": "approve", "vote": 1}'""",
            "program './page' printed what is no answer: it has no field 'vote'",
        ),
        (
            'echo "$TOKEN" >&2; exit 1',
            "program './page' ended with exit code 1: [secret PAGER_TOKEN]",
        ),
    ],
    ids=["fails", "prose", "list", "field", "secret"],
)
def test_what_cannot_be_delivered(paged: Project, script: str, said: str) -> None:
    page(paged, script)
    message = paged.json("run", "paged.yaml", code=1, env=ENV)["failure"]["message"]
    assert message.startswith(UNDELIVERED + said)


def test_it_is_not_there(paged: Project) -> None:
    message = paged.json("run", "paged.yaml", code=1, env=ENV)["failure"]["message"]
    assert message == (
        UNDELIVERED + "program './page' not found: paths are relative to the spec's folder"
    )


def test_its_time_is_up_and_nothing_of_it_is_left(paged: Project) -> None:
    paged.edit("paged.yaml", "timeout: 20s", "timeout: 200ms")
    page(paged, "sleep 100 & echo waits >&2; sleep 100")
    message = paged.json("run", "paged.yaml", code=1, env=ENV)["failure"]["message"]
    assert message.startswith(UNDELIVERED + "program './page' did not end within 200ms")
    # The fixture waits until no process is left.


def test_killed_before_the_delivery_was_recorded(paged: Project) -> None:
    """The program kills the run that pages: the same message goes out again."""
    page(paged, 'cat >> messages; test -e paged || { touch paged; kill -9 "$PPID"; sleep 9; }')
    with paged.start("run", "paged.yaml", env=ENV) as process:
        assert process.wait() == -signal.SIGKILL
    (run_id,) = paged.run_ids()
    assert paged.json("resume", run_id, code=4, env=ENV)["status"] == "waiting"
    first, second = (paged.folder / "messages").read_text().splitlines()
    assert json.loads(first) == json.loads(second)
