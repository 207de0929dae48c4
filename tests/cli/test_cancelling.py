"""`agentflow cancel`: a run ends for good, whether a process works on it or not, and leaves
nothing."""

import json
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agentflow.cancelling import cancel
from agentflow.eventlog import Store
from agentflow.formats import cancel_text
from agentflow.history import read_run
from agentflow.trace import trace_of

from .shell import Done, Project, wait_until
from .test_crashes import crash

CANCEL = ("--by", "kim", "--reason", "withdrawn")
FAILURE = {"kind": "cancelled", "message": "cancelled by kim: withdrawn", "cause": None}
#: A program that does not care for SIGTERM, and what it starts.
DEAF = """\
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "1000"])
open("deaf-runs", "w").close()
time.sleep(1000)
"""
DEAF_SPEC = """\
agentflow: 1
name: deaf
agents:
  deaf: {kind: command, argv: [python3, deaf.py], effects: none, timeout: 5m, input: {}, output: {}}
steps:
  wait: {steps: {it: {agent: deaf}}}
"""


def ended(project: Project, run_id: str) -> Any:
    """What is left of a cancelled run: its trace. It cannot be taken up again, and replays."""
    shown = project.json("show", run_id)
    assert (shown["status"], shown["failure"]) == ("cancelled", FAILURE)
    assert (shown["cancelled"]["by"], shown["cancelled"]["why"]) == ("kim", "withdrawn")
    again = Done(2, "", f"error: run '{run_id}' has ended: cancelled\n")
    assert project.agentflow("resume", run_id) == again
    assert project.agentflow("cancel", run_id) == again
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "cancelled"
    assert project.agentflow("replay", run_id, "--quiet").code == 0
    assert not (folder(project, run_id) / "cancel.json").exists()
    return shown


def folder(project: Project, run_id: str) -> Path:
    return project.folder / ".agentflow" / "runs" / run_id


def test_a_run_that_goes_on(project: Project) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml") as process:
        project.wait_for_call("second")
        (run_id,) = project.run_ids()
        done = project.agentflow("cancel", run_id[:12], *CANCEL)
        out, err = process.communicate()
    assert done == Done(0, f"run {run_id} cancelled by kim: withdrawn\n")
    assert (process.returncode, err) == (5, "")
    *lines, result, blank, _stored, replay = out.splitlines()
    assert (result, blank) == ("cancelled by kim: withdrawn", "")
    assert replay == f"replay with: agentflow replay {run_id}"
    assert [line.partition("s  ")[2] for line in lines[-4:-1]] == [
        "run cancelled by kim: withdrawn",
        "second  cancelled: cancelled by kim: withdrawn",
        lines[-2].partition("s  ")[2],
    ]
    assert "run cancelled after" in lines[-2]
    project.wait_for_processes()
    assert [step["status"] for step in ended(project, run_id)["steps"]] == [
        "succeeded",
        "cancelled",
        "pending",
        "pending",
    ]
    shown = project.agentflow("show", run_id).out
    assert "\ncancelled by kim after " in shown
    assert shown.endswith("\ncancelled by kim: withdrawn\n")


def test_a_write_in_flight_is_unknown(project: Project) -> None:
    project.hold("send")
    with project.start("run", "chain.yaml", "--json") as process:
        project.wait_for_call("send")
        (run_id,) = project.run_ids()
        done = project.agentflow("cancel", run_id, *CANCEL)
        out, _ = process.communicate()
    assert done == Done(
        0, f"run {run_id} cancelled by kim: withdrawn\nwhat may have had its effect: send\n"
    )
    told = json.loads(out)
    assert (told["status"], told["failure"], told["outputs"]) == ("cancelled", FAILURE, None)
    assert ended(project, run_id)["steps"][-1]["status"] == "unknown"


def test_children_that_do_not_listen_die_with_their_group(project: Project) -> None:
    project.write("deaf.py", DEAF)
    project.write("deaf.yaml", DEAF_SPEC)
    with project.start("run", "deaf.yaml") as process:
        wait_until((project.folder / "deaf-runs").exists)
        (run_id,) = project.run_ids()
        told = project.json("cancel", run_id, *CANCEL)
        # The command has waited until the run's process gave up the lock.
        assert (told["status"], told["at_work"], told["unknown"]) == ("cancelled", False, [])
        schema = Path(__file__).parents[2] / "schemas" / "cancel.v1.schema.json"
        jsonschema.validate(told, json.loads(schema.read_text()))
        process.communicate()
    assert process.returncode == 5
    project.wait_for_processes()
    ended(project, run_id)


def test_a_run_that_waits_for_a_person(project: Project) -> None:
    run_id = project.json("run", "approval.yaml", code=4)["run"]
    assert project.agentflow("cancel", run_id, *CANCEL).code == 0
    assert project.agentflow("inbox") == Done(0, "nothing waits for an answer\n")
    late = project.json("answer", run_id, "approve", "approve", "--by", "lee", code=1)
    why = "the question is no longer open: the run was cancelled by kim: withdrawn"
    assert (late["taken"], late["reason"], late["status"]) == (False, why, "cancelled")
    shown = ended(project, run_id)
    assert [(one["by"], one["why"]) for one in shown["refused"]] == [("lee", why)]
    assert project.calls() == ["look"]


def test_a_process_that_waits_for_a_person(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait") as process:
        run_id = project.wait_for_question()
        assert project.agentflow("cancel", run_id, *CANCEL).code == 0
        process.communicate()
    assert process.returncode == 5
    ended(project, run_id)
    assert list((folder(project, run_id) / "questions").iterdir()) == []


def test_a_run_that_was_interrupted(project: Project) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml") as process:
        project.wait_for_call("second")
        process.send_signal(signal.SIGTERM)
        process.communicate()
    (run_id,) = project.run_ids()
    assert project.agentflow("cancel", run_id, *CANCEL).code == 0
    ended(project, run_id)


@pytest.mark.parametrize(("call", "unknown"), [("second", []), ("send", ["send"])])
def test_a_run_whose_process_died(project: Project, call: str, unknown: list[str]) -> None:
    project.hold(call)
    run_id = crash(project, call, "run", "chain.yaml")
    assert project.json("cancel", run_id, *CANCEL)["unknown"] == unknown
    ended(project, run_id)
    assert project.calls().count(call) == 1


def test_a_request_that_nobody_took_in_ends_the_run_when_it_is_taken_up(project: Project) -> None:
    project.hold("second")
    run_id = crash(project, "second", "run", "chain.yaml")
    (folder(project, run_id) / "cancel.json").write_text(
        '{"format": 1, "by": "kim", "reason": "withdrawn"}'
    )
    done = project.json("resume", run_id, code=5)
    assert (done["status"], done["failure"]) == ("cancelled", FAILURE)
    assert project.calls() == ["first", "second"]
    ended(project, run_id)


@pytest.mark.parametrize("text", [b"", b"\xff", b"[1]", b'{"by": 7, "reason": ""}'])
def test_the_file_is_the_request_whatever_it_says(project: Project, text: bytes) -> None:
    run_id = project.json("run", "approval.yaml", code=4)["run"]
    (folder(project, run_id) / "cancel.json").write_bytes(text)
    assert project.json("resume", run_id, code=5)["failure"]["message"] == "cancelled"


def test_a_process_that_is_halted_takes_the_request_in_when_it_goes_on(project: Project) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml", "--quiet") as process:
        project.wait_for_call("second")
        (run_id,) = project.run_ids()
        process.send_signal(signal.SIGSTOP)
        try:
            store = Store(project.folder / ".agentflow")
            outcome = cancel(store, run_id, by="kim", why="withdrawn", patience=0)
        finally:
            process.send_signal(signal.SIGCONT)
        process.communicate()
    assert outcome.trace is not None
    assert outcome.trace.status == "running"
    assert outcome.busy is not None
    assert outcome.busy.startswith(f"run '{run_id}' is in use by process {process.pid} on ")
    assert cancel_text.render(outcome.trace, outcome.busy).splitlines() == [
        "not cancelled yet; the process that works on the run takes it in when it can",
        outcome.busy,
    ]
    assert process.returncode == 5
    ended(project, run_id)


def test_a_run_that_ends_just_before_the_request_is_taken_in(project: Project) -> None:
    run_id = project.json("run", "hello.yaml", "-i", "name=Ada")["run"]
    recorded = read_run(Store(project.folder / ".agentflow"), run_id)
    trace = trace_of(recorded.plan, recorded.entries)
    said = f"not cancelled: run {run_id} has ended before: succeeded"
    assert cancel_text.render(trace, None) == said


def test_runs_that_do_not_exist_or_have_ended(project: Project) -> None:
    assert project.agentflow("cancel", "2026").code == 2
    run_id = project.json("run", "hello.yaml", "-i", "name=Ada")["run"]
    assert project.agentflow("cancel", run_id) == Done(
        2, "", f"error: run '{run_id}' has ended: succeeded\n"
    )
