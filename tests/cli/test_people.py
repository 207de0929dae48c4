"""Runs that wait for people: real processes that end, are killed, are answered, and go on."""

import json
import shlex
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.formats.goldens import SCHEMAS

from .shell import AGENTFLOW, Done, Project, later

OUTPUTS = {"paid": "pay ", "seen": "look "}
NO_QUESTION = "help: 'agentflow inbox' lists what waits for an answer"
#: A process that dies where it would deliver its first question.
DOOMED = """\
import os, signal, sys
from agentflow.__main__ import main
from agentflow.channels import inbox

async def die(options, message, host):
    os.kill(os.getpid(), signal.SIGKILL)

inbox.deliver = die
sys.argv[0] = "agentflow"
main()
"""


@pytest.fixture
def waiting(project: Project) -> str:
    """A run that waits for an approval; no process is at work on it."""
    return start(project)


def start(project: Project) -> str:
    return str(project.json("run", "approval.yaml", code=4)["run"])


def questions(project: Project) -> list[dict[str, Any]]:
    return list(project.json("inbox")["questions"])


def step(project: Project, run_id: str, name: str = "approve") -> dict[str, Any]:
    shown = project.json("show", run_id)
    return next(one for one in shown["steps"] if one["name"] == name)


def folder(project: Project, run_id: str, name: str) -> Path:
    return project.folder / ".agentflow" / "runs" / run_id / name


# --- waiting -------------------------------------------------------------------------------


def test_a_run_that_only_a_person_can_make_go_on_ends_its_process(project: Project) -> None:
    done = project.agentflow("run", "approval.yaml", "--quiet")
    (run_id,) = project.run_ids()
    (question,) = questions(project)
    assert done.code == 4
    assert done.out == ""
    *_, command, value = done.err.splitlines()
    assert command == (
        f"    agentflow answer {run_id} approve approve|replace|abort"
        f" --question {question['question']}"
    )
    assert value == (
        "    'replace' takes --value with {approved: boolean, note?: string};"
        """ a no is: replace --value '{"approved": false}'"""
    )
    assert project.calls() == ["look"]  # what needs no person is done meanwhile
    (listed,) = project.json("runs")["runs"]
    assert (listed["run"], listed["status"]) == (run_id, "waiting")


def test_what_waits(project: Project, waiting: str) -> None:
    (question,) = questions(project)
    assert question["run"] == waiting
    assert (question["step"], question["who"]) == ("approve", "support")
    assert (question["ask"], question["shown"]) == ("Refund order 123456?", {"order": "123456"})
    assert question["answers"] == ["approve", "replace", "abort"]
    assert question["contract"]["properties"]["approved"] == {"type": "boolean"}
    assert question["due"] - question["asked"] == pytest.approx(2 * 24 * 3600)
    lines = project.agentflow("inbox").out.splitlines()
    assert lines[0] == "1 question waits for an answer:"
    assert lines[2:4] == ["    Refund order 123456?", '    order: "123456"']


def test_what_waits_is_as_its_schemas_say(project: Project) -> None:
    for command in (["run", "approval.yaml"], ["inbox"]):
        schema = json.loads((SCHEMAS / f"{command[0]}.v1.schema.json").read_text())
        told = project.json(*command, code=4 if "run" in command else 0)
        assert told["waiting" if "run" in command else "questions"]
        jsonschema.validate(told, schema)


def test_the_no_that_the_inbox_tells(project: Project, waiting: str) -> None:
    *_, told = project.agentflow("inbox").out.splitlines()
    *_, no = shlex.split(told.partition("a no is: ")[2])
    project.json("answer", waiting, "approve", "replace", "--value", no)
    assert project.json("resume", waiting)["outputs"] == {**OUTPUTS, "paid": "no"}


def test_nothing_waits(project: Project) -> None:
    assert project.agentflow("inbox") == Done(0, "nothing waits for an answer\n")


def test_answered_and_resumed_by_other_processes(project: Project, waiting: str) -> None:
    done = project.agentflow(
        "answer", waiting, "approve", "approve", "--by", "kim", "--reason", "fine"
    )
    assert done == Done(
        0, f"taken: 'approve' by kim: fine\ngo on with: agentflow resume {waiting}\n"
    )
    assert project.json("resume", waiting)["outputs"] == OUTPUTS
    (asked,) = step(project, waiting)["asked"]
    assert (asked["closed"], asked["by"], asked["who"]) == ("approve", "kim", "support")
    assert asked["delivered"].endswith(f"/questions/{asked['question']}.json")
    assert project.agentflow("replay", waiting, "--quiet").code == 0
    assert list(folder(project, waiting, "questions").iterdir()) == []
    assert list(folder(project, waiting, "answers").iterdir()) == []


def test_a_replacement_from_a_file(project: Project, waiting: str) -> None:
    project.write("no.json", '{"approved": false, "note": "too old"}')
    assert project.agentflow("answer", waiting, "approve", "replace", "--file", "no.json").code == 0
    assert project.json("resume", waiting)["outputs"] == {"paid": "no", "seen": "look "}
    assert project.calls() == ["look"]


def test_aborted(project: Project, waiting: str) -> None:
    project.json("answer", waiting, "approve", "abort", "--by", "kim", "--reason", "fraud")
    done = project.json("resume", waiting, code=1)
    assert done["failure"]["message"] == "step 'approve' failed: aborted by kim: fraud"


def test_resumed_without_an_answer_it_waits_on(project: Project, waiting: str) -> None:
    assert project.json("resume", waiting, code=4)["status"] == "waiting"
    assert project.calls() == ["look"]
    assert len(step(project, waiting)["asked"]) == 1


def test_a_process_that_stays_takes_the_answer_in(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait", "--json") as process:
        run_id = project.wait_for_question()
        told = project.json("answer", run_id, "approve", "approve", "--by", "kim")
        assert (told["taken"], told["reason"]) == (True, "'approve' by kim")
        out, _ = process.communicate()
    assert process.returncode == 0
    assert json.loads(out)["outputs"] == OUTPUTS


# --- answers that do not count -------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            ("replace", "--value", '{"approved": "yes"}'),
            'the value breaks its contract: approved: expected boolean, found string "yes"',
        ),
        (
            ("retry",),
            "'retry' is no answer to this question, expected one of: 'approve', 'replace', 'abort'",
        ),
    ],
)
def test_refused_and_recorded(
    project: Project, waiting: str, said: tuple[str, ...], why: str
) -> None:
    done = project.agentflow("answer", waiting, "approve", *said, "--by", "kim")
    assert done == Done(1, f"refused: {why}\n")
    (refused,) = project.json("show", waiting)["refused"]
    assert (refused["step"], refused["by"], refused["why"]) == ("approve", "kim", why)
    assert len(questions(project)) == 1  # it is still open


def test_late_and_double_answers(project: Project, waiting: str) -> None:
    say = ("answer", waiting, "approve")
    why = "the question is no longer open: it was answered by kim"
    assert project.json(*say, "approve", "--by", "kim")["taken"] is True
    assert project.json(*say, "abort", "--by", "lee", code=1)["reason"] == why
    assert project.json("resume", waiting)["status"] == "succeeded"
    assert project.json(*say, "abort", "--by", "max", code=1)["reason"] == why
    shown = project.json("show", waiting)
    assert [one["by"] for one in shown["refused"]] == ["lee", "max"]
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "succeeded"
    assert project.agentflow("replay", waiting, "--quiet").code == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("aprove", "approve"),
            f"run '{{run}}' has asked nobody about step 'aprove', did you mean 'approve'?\n{NO_QUESTION}",
        ),
        (("approve", "approve", "--value", "1"), "'approve' takes no value\nhelp: 'replace' does"),
        (
            ("approve", "replace"),
            "'replace' needs a value\nhelp: give one of '--value JSON' and '--file FILE'",
        ),
        (
            ("approve", "replace", "--value", "yes"),
            "'--value' is not JSON: a value is expected at line 1 column 1, where 'yes' stands\nhelp: text needs quotes of its own: --value '\"yes\"'",
        ),
        (
            ("approve", "approve", "--question", "q99"),
            f"run '{{run}}' has asked nobody about step 'approve' by the question 'q99'\n{NO_QUESTION}",
        ),
    ],
)
def test_calls_that_make_no_sense(
    project: Project, waiting: str, arguments: tuple[str, ...], error: str
) -> None:
    done = project.agentflow("answer", waiting, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: {error.format(run=waiting)}\n"


def test_two_people_at_once(project: Project, waiting: str) -> None:
    def say(by: str) -> bool:
        done = project.agentflow(
            "answer", waiting, "approve", "approve", "--by", by, "--json", by=AGENTFLOW
        )
        return bool(json.loads(done.out)["taken"])

    people = ["kim", "lee", "max", "sam"]
    with ThreadPoolExecutor(len(people)) as pool:
        taken = dict(zip(people, pool.map(say, people), strict=True))
    (winner,) = [by for by, counted in taken.items() if counted]
    (asked,) = step(project, waiting)["asked"]
    assert asked["by"] == winner
    refused = project.json("show", waiting)["refused"]
    assert sorted(one["by"] for one in refused) == sorted(set(people) - {winner})
    assert project.json("resume", waiting)["outputs"] == OUTPUTS


# --- files ---------------------------------------------------------------------------------


def test_a_program_reads_the_question_and_writes_the_answer(project: Project, waiting: str) -> None:
    (path,) = folder(project, waiting, "questions").iterdir()
    question = json.loads(path.read_text())
    assert question["contract"]["required"] == ["approved"]
    letter = {
        "format": 1,
        "answer": "replace",
        "value": {"approved": True},
        "by": "the policy engine",
        **{key: question[key] for key in ("run", "step", "question", "payload")},
    }
    answers = folder(project, waiting, "answers")
    answers.mkdir(mode=0o700, exist_ok=True)
    (answers / "mine.tmp").write_text(json.dumps(letter))
    (answers / "mine.tmp").rename(answers / "mine.json")
    assert project.json("resume", waiting)["outputs"] == OUTPUTS
    assert step(project, waiting)["asked"][0]["by"] == "the policy engine"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not JSON: "),
        ("[]", "not an object"),
        ('{"format": 2}', "its 'format' is not 1"),
        ('{"format": 1, "run": "x"}', "its 'step' is not text"),
        ('{"format": 1, "vote": 1}', "an answer has no field 'vote'"),
    ],
)
def test_a_file_that_is_no_answer(project: Project, waiting: str, content: str, why: str) -> None:
    answers = folder(project, waiting, "answers")
    answers.mkdir(mode=0o700, exist_ok=True)
    (answers / "mine.json").write_text(content)
    assert project.json("resume", waiting, code=4)["status"] == "waiting"
    (refused,) = project.json("show", waiting)["refused"]
    assert refused["why"].startswith(why)
    assert list(answers.iterdir()) == []


def test_an_answer_to_another_run(project: Project, waiting: str) -> None:
    other = start(project)
    (path,) = folder(project, other, "questions").iterdir()
    question = json.loads(path.read_text())
    letter = {
        "format": 1,
        "answer": "approve",
        **{key: question[key] for key in ("run", "step", "question", "payload")},
    }
    answers = folder(project, waiting, "answers")
    answers.mkdir(mode=0o700, exist_ok=True)
    for name, run in (("straight", other), ("forged", waiting)):
        (answers / f"{name}.json").write_text(json.dumps({**letter, "run": run}))
    assert project.json("resume", waiting, code=4)["status"] == "waiting"
    assert sorted(one["why"] for one in project.json("show", waiting)["refused"]) == [
        f"it is an answer to run '{other}'",
        f"the run has asked no question '{question['question']}'",
    ]


def test_modes_of_what_lies_there(project: Project, waiting: str) -> None:
    (path,) = folder(project, waiting, "questions").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


# --- time ----------------------------------------------------------------------------------


def test_a_tick_goes_on_with_what_is_due_and_nothing_else(project: Project, waiting: str) -> None:
    project.edit("approval.yaml", "timeout: 2d", "timeout: 1h")
    short = start(project)
    project.edit("approval.yaml", "timeout: 1h", "timeout: 2d")
    answered = start(project)
    project.json("answer", answered, "approve", "approve")
    before = project.json("show", waiting)["entries"]

    in_two_hours = later(2 * 3600)
    ticked = project.json("tick", "--as-started", code=1, by=in_two_hours)["runs"]
    assert ticked == [
        {"run": short, "status": "failed", "problem": None},
        {"run": answered, "status": "succeeded", "problem": None},
    ]
    shown = project.json("show", short)
    assert shown["failure"]["message"] == "step 'approve' failed: no answer within 1h"
    assert project.json("show", waiting)["entries"] == before
    assert project.agentflow("tick", by=in_two_hours) == Done(0, "nothing is due\n")


def test_what_is_overdue_says_so_until_a_tick(project: Project, waiting: str) -> None:
    two_hours_late = later(50 * 3600)
    (question,) = project.json("inbox", by=two_hours_late)["questions"]
    assert question["overdue"] is True
    shown = project.agentflow("inbox", by=two_hours_late).out.splitlines()
    assert shown[1].startswith("  approve  asks support, overdue for 2h0")
    assert shown[-1] == "what is overdue takes its course with: agentflow tick"
    assert "agentflow answer" not in "".join(shown)
    assert project.agentflow("tick", by=two_hours_late).out == f"{waiting}  failed\n"
    assert project.json("inbox", by=two_hours_late)["questions"] == []


@pytest.mark.parametrize(
    "command",
    [
        ["inbox"],
        ["tick"],
        ["runs"],
        ["show", "x"],
        ["replay", "x"],
        ["resume", "x"],
        ["cancel", "x"],
    ],
    ids=lambda command: command[0],
)
def test_a_store_that_is_named_has_to_be_there(project: Project, command: list[str]) -> None:
    assert project.agentflow(*command, "--store", "nowhere") == Done(
        3,
        "",
        "error: there is no store 'nowhere'\n"
        "help: it is the folder that 'run --store' was given, or '.agentflow' in a project\n",
    )


def test_an_answer_to_a_run_whose_spec_has_changed_says_how_to_go_on(
    project: Project, waiting: str
) -> None:
    project.edit("approval.yaml", "timeout: 2d", "timeout: 3d")
    done = project.agentflow("answer", waiting, "approve", "approve", "--by", "kim")
    assert done == Done(
        0,
        "taken: 'approve' by kim\n"
        "the spec is not what it was: 'approval.yaml' has changed\n"
        f"go on with: agentflow resume {waiting} --as-started\n",
    )
    shown = project.agentflow("resume", waiting, "--as-started").out
    assert "  approve  answered meanwhile: 'approve' by kim\n" in shown


def test_a_tick_tells_what_it_could_not_take_up(project: Project, waiting: str) -> None:
    project.json("answer", waiting, "approve", "approve")
    project.edit("approval.yaml", "timeout: 2d", "timeout: 3d")
    (ticked,) = project.json("tick", code=3)["runs"]
    assert (ticked["status"], ticked["problem"]) == (
        None,
        f"the spec of run '{waiting}' is not what it was: 'approval.yaml' has changed",
    )


def test_a_no_is_told_from_a_yes(project: Project, waiting: str) -> None:
    no = ("--value", '{"approved": false}', "--by", "kim", "--reason", "not now")
    project.json("answer", waiting, "approve", "replace", *no)
    said = """'replace' with {"approved": false} by kim: not now"""
    assert f"  approve  answered meanwhile: {said}\n" in project.agentflow("resume", waiting).out
    assert f"    answered: {said}\n" in project.agentflow("show", waiting).out
    (asked,) = step(project, waiting)["asked"]
    assert (asked["closed"], asked["said"]) == ("replace", said)


def test_runs_that_are_through_are_not_opened(project: Project, waiting: str) -> None:
    project.json("answer", waiting, "approve", "approve")
    assert project.json("resume", waiting)["status"] == "succeeded"
    before = project.json("runs")["runs"]
    for name in ("cache.db", "cache.db-wal", "cache.db-shm"):
        folder(project, waiting, name).unlink(missing_ok=True)
    assert before[0]["status"] == "succeeded"
    assert project.json("runs")["runs"][0]["status"] == "damaged"
    assert project.json("tick")["runs"] == []
    assert questions(project) == []


def test_a_damaged_run_that_may_wait_is_not_passed_over(project: Project, waiting: str) -> None:
    folder(project, waiting, "HEAD").write_text("{")
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "damaged"
    done = project.agentflow("inbox")
    assert (done.code, done.out) == (3, "nothing waits for an answer\n")
    assert done.err == f"error: run '{waiting}' may have questions, too: {listed['problem']}\n"
    (ticked,) = project.json("tick", code=3)["runs"]
    assert ticked == {"run": waiting, "status": None, "problem": listed["problem"]}


# --- crashes -------------------------------------------------------------------------------


def test_killed_while_it_waits(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait") as process:
        run_id = project.wait_for_question()
        process.kill()
        assert process.wait() == -signal.SIGKILL
    (before,) = questions(project)
    told = project.json("answer", run_id, "approve", "approve", "--by", "kim")
    assert (told["taken"], told["status"]) == (True, "crashed")
    assert project.json("resume", run_id)["outputs"] == OUTPUTS
    (asked,) = step(project, run_id)["asked"]
    assert (asked["question"], asked["by"]) == (before["question"], "kim")


def test_killed_before_the_delivery_was_recorded(project: Project) -> None:
    """The question is in the log first; the delivery is made again, with the same id."""
    project.write("doomed.py", DOOMED)
    crashed = subprocess.run(
        [sys.executable, "doomed.py", "run", "approval.yaml"],
        cwd=project.folder,
        env=project.env(),
        capture_output=True,
    )
    assert crashed.returncode == -signal.SIGKILL
    (run_id,) = project.run_ids()
    (asked,) = step(project, run_id)["asked"]
    assert asked["delivered"] is None
    assert not folder(project, run_id, "questions").exists()

    assert project.json("resume", run_id, code=4)["status"] == "waiting"
    (again,) = step(project, run_id)["asked"]
    assert again["question"] == asked["question"]
    assert again["delivered"] is not None


def test_interrupted_while_it_waits(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait") as process:
        run_id = project.wait_for_question()
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert project.json("answer", run_id, "approve", "approve")["taken"] is True
    assert project.json("resume", run_id)["outputs"] == OUTPUTS
