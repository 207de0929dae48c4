"""The channel `console`: questions that are asked and answered at a real pseudo-terminal."""

import signal
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .shell import AGENTFLOW, Project, later, wait_until
from .terminal import Terminal
from .test_people import OUTPUTS, questions, step

PROMPT = "approve, replace or abort> "
#: Two questions at a time, and a third after them; the text that is shown is hostile.
SEVERAL = r"""
agentflow: 1
name: several
budget: {wall: 3d}
channels: {desk: {kind: console}}
steps:
  each:
    for_each: {over: [one, two], max: 2, as: word}
    human: {ask: "May ${{ word }} \e]0;pwned\a go?", answer: {type: boolean}, channel: desk}
    with: {word: "${{ word }}"}
    timeout: 1d
    catch: {timeout: fail}
outputs: {said: "${{ steps.each.output }}"}
"""
#: A question to the console, with somebody else behind it.
LADDER = """
agentflow: 1
name: ladder
budget: {wall: 3d}
escalations:
  people:
    levels:
      - {notify: {text: "${{ failure.kind }}", who: ops, channel: console}}
      - {human: {ask: "At the console?", channel: console}, within: 1d}
      - {human: {ask: "In the inbox?"}, within: 1d}
    on_exhausted: fail
agents:
  no: {kind: command, argv: ["false"], effects: none, input: {type: object}, output: {type: string}}
steps:
  ask: {agent: no, catch: {any: {escalate: people}}}
outputs: {said: "${{ steps.ask.output }}"}
"""


@pytest.fixture
def asking(project: Project) -> Project:
    """The project, with a question that goes to the console."""
    project.edit("approval.yaml", "who: support}", "who: support, channel: console}")
    return project


def terminal(project: Project, *arguments: str, by: Sequence[str] = AGENTFLOW) -> Terminal:
    return Terminal([*by, *arguments], columns=100, rows=30, folder=project.folder, **project.env())


def asked(shown: Terminal, times: int = 1, prompt: str = PROMPT) -> Callable[[], bool]:
    """Has a prompt been shown so many times?"""
    return lambda: shown.raw.count(prompt.encode()) >= times


def the_run(project: Project) -> str:
    (run_id,) = project.run_ids()
    return run_id


def closed(project: Project, name: str = "approve") -> dict[str, Any]:
    (question,) = step(project, the_run(project), name)["asked"]
    return dict(question)


def test_asked_and_answered_at_the_terminal(asking: Project) -> None:
    with terminal(asking, "run", "approval.yaml") as shown:
        shown.read_until(asked(shown))
        lines = shown.text().split("\n")
        at = lines.index("approve  asks support, until " + lines[-5].partition("until ")[2])
        assert lines[at + 1 :] == [
            "  Refund order 123456?",
            '  order: "123456"',
            "  'replace' takes {approved: boolean, note?: string}",
            PROMPT.strip(),
        ]
        shown.type("ap the parcel is lost\n")
        assert shown.read_to_end() == ""
        text = shown.text()
    assert shown.process.returncode == 0
    assert text.count("Refund order 123456?") == 1
    assert "approval  run " in text
    assert '  paid: "pay "' in text or "paid: pay" in text
    run_id = the_run(asking)
    assert asking.json("show", run_id)["outputs"] == OUTPUTS
    question = closed(asking)
    user = asking.agentflow("show", run_id, "--step", "approve").out
    assert (question["closed"], bool(question["by"])) == ("approve", True)
    assert f"'approve' by {question['by']}: the parcel is lost" in user
    assert question["delivered"].startswith("the terminal /dev/pts/")
    assert asking.agentflow("replay", run_id, "--quiet").code == 0


def test_what_is_no_answer_is_asked_for_again(asking: Project) -> None:
    with terminal(asking, "run", "approval.yaml") as shown:
        said = ["", "yes", "a", "replace {", 'replace {"approved": "yes"}', "replace"]
        for number, line in enumerate(said, start=1):
            shown.read_until(asked(shown, number))
            shown.type(f"{line}\n")
        shown.read_until(asked(shown, prompt="value (JSON)> "))
        shown.type('{"approved": false}\n')
        shown.read_to_end()
        text = shown.text()
    assert shown.process.returncode == 0
    for wrong in ("", "yes", "a"):
        assert f"  expected one of: approve, replace, abort; found '{wrong}'" in text
    assert "  the value is not JSON: " in text
    refused = "refused: the value breaks its contract: approved: expected boolean, found string"
    assert refused in text.replace("\n", " ")
    run_id = asking.run_ids()[-1]
    assert asking.json("show", run_id)["outputs"] == {"paid": "no", "seen": "look "}
    (logged,) = asking.json("show", run_id)["refused"]
    assert logged["why"].startswith("the value breaks its contract")


def test_several_questions_come_one_after_the_other(project: Project) -> None:
    project.write("several.yaml", SEVERAL)
    with terminal(project, "run", "several.yaml") as shown:
        shown.read_until(asked(shown))
        assert "May one \\x1b]0;pwned\\x07 go?" in shown.text()
        assert "May two" not in shown.text()
        shown.type("approve\n")
        shown.read_until(asked(shown, 2))
        shown.type("replace false\n")
        shown.read_to_end()
        assert shown.screen.title == ""
    assert project.json("show", the_run(project))["outputs"] == {"said": [True, False]}


def test_nobody_answers_in_time(asking: Project) -> None:
    two_days = later(48 * 3600, with_each=asking.folder / "waited")
    asking.edit("approval.yaml", "timeout: 2d", "timeout: 1d")
    with terminal(asking, "run", "approval.yaml", by=two_days) as shown:
        shown.read_until(asked(shown))
        asking.write("waited", "x")
        shown.read_to_end()
        assert "  its time was up" in shown.text()
    assert shown.process.returncode == 1


def test_left_open_and_taken_up_at_another_terminal(asking: Project) -> None:
    with terminal(asking, "run", "approval.yaml") as shown:
        shown.read_until(asked(shown))
        shown.type("\x04")
        shown.read_to_end()
        assert "left open" in shown.text()
    assert shown.process.returncode == 4
    run_id, before = the_run(asking), questions(asking)[0]["question"]
    # Where there is no terminal it waits on, and can be answered from elsewhere.
    assert asking.json("resume", run_id, code=4)["status"] == "waiting"
    with terminal(asking, "resume", run_id) as shown:
        shown.read_until(asked(shown))
        shown.type("approve\n")
        shown.read_to_end()
    assert shown.process.returncode == 0
    assert closed(asking)["question"] == before
    assert asking.agentflow("replay", run_id, "--quiet").code == 0


def test_answered_elsewhere_while_it_is_asked(asking: Project) -> None:
    with terminal(asking, "run", "approval.yaml") as shown:
        shown.read_until(asked(shown))
        told = asking.json("answer", the_run(asking), "approve", "approve", "--by", "kim")
        assert told["taken"] is True
        shown.read_to_end()
        assert "  it was answered by kim" in shown.text()
    assert shown.process.returncode == 0


def test_killed_and_interrupted_while_it_is_asked(asking: Project) -> None:
    with terminal(asking, "run", "approval.yaml") as shown:
        shown.read_until(asked(shown))
        shown.process.kill()
        shown.process.wait()
    run_id = the_run(asking)
    with terminal(asking, "resume", run_id) as shown:
        shown.read_until(asked(shown))
        shown.process.send_signal(signal.SIGINT)
        shown.read_to_end()
        assert "  the run goes no further here" in shown.text()
        assert not shown.screen.cursor.hidden
    assert shown.process.returncode == 130
    assert asking.json("answer", run_id, "approve", "approve")["taken"] is True
    assert asking.json("resume", run_id)["outputs"] == OUTPUTS


def test_without_a_terminal_it_fails_at_once(asking: Project) -> None:
    done = asking.json("run", "approval.yaml", code=1)
    assert done["failure"]["kind"] == "not_sent"
    assert done["failure"]["message"] == (
        "step 'approve' failed: the question could not be delivered: "
        "this process has no terminal to ask at"
    )


def test_standard_output_is_left_alone_where_it_is_for_something_else(asking: Project) -> None:
    """With `--quiet` and `--json` only standard error is written to, and here it is a pipe."""
    with terminal(asking, "run", "approval.yaml", "--quiet") as shown:
        assert "this process has no terminal to ask at" in shown.read_to_end()
        assert shown.text() == ""


def test_a_level_that_cannot_be_delivered_is_passed_over(project: Project) -> None:
    project.write("ladder.yaml", LADDER)
    run_id = project.json("run", "ladder.yaml", code=4)["run"]
    (question,) = questions(project)
    assert question["ask"] == "In the inbox?"
    notes = step(project, run_id, "ask")["notes"]
    undelivered = "this process has no terminal to ask at"
    assert f"not delivered: {undelivered}" in notes
    assert (
        f"level 2 did not help: not_sent: the question could not be delivered: {undelivered}"
        in notes
    )


def test_levels_at_a_terminal(project: Project) -> None:
    project.write("ladder.yaml", LADDER)
    with terminal(project, "run", "ladder.yaml") as shown:
        shown.read_until(asked(shown, prompt="replace, retry or abort> "))
        text = shown.text()
        assert "ask  tells ops\n  server_error" in text
        assert (
            "  At the console?\n  because server_error: program 'false' ended with exit code 1"
            in text
        )
        shown.type('replace "fine"\n')
        shown.read_to_end()
    assert shown.process.returncode == 0
    assert project.json("show", the_run(project))["outputs"] == {"said": "fine"}


def test_what_was_typed_before_is_no_answer(asking: Project) -> None:
    asking.hold("look")
    asking.edit("approval.yaml", "  approve:\n", "  approve:\n    needs: [look]\n")
    with terminal(asking, "run", "approval.yaml") as shown:
        wait_until(lambda: asking.calls() == ["look"])
        shown.type("approve\n")
        shown.read_until(lambda: b"approve\r\n" in shown.raw)
        asking.release("look")
        shown.read_until(asked(shown))
        shown.type("abort\n")
        shown.read_to_end()
    assert closed(asking)["closed"] == "abort"
