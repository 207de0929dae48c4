"""Notices to people: told at least once, also if the process dies just as the run ends."""

import json
import signal

import pytest

from agentflow.core.events import Delivered, Notify
from agentflow.eventlog import Store
from agentflow.history import read_run

from .shell import AGENTFLOW, Project

SPEC = """
agentflow: 1
name: noticed
channels:
  pager: {kind: command, argv: [./page], timeout: 20s}
escalations:
  desk:
    levels: [{notify: {text: "Look: ${{ failure.kind }}", who: ops, channel: pager}}]
    on_exhausted: fail
agents:
  no: {kind: command, argv: ["false"], effects: none, input: {type: object}, output: {type: string}}
steps:
  a: {agent: no, catch: {any: {escalate: desk}}}
"""
#: The first time it takes the process of the run with it, after it has told.
PAGE = """#!/bin/sh
cat >> told
[ -e dead ] && exit 0
touch dead
kill -KILL $PPID
"""


@pytest.fixture
def killed(project: Project) -> Project:
    """A project with a run that has ended, and whose process died before its notice was known to
    have arrived."""
    project.write("noticed.yaml", SPEC)
    project.write("page", PAGE).chmod(0o755)
    assert project.agentflow("run", "noticed.yaml", by=AGENTFLOW).code == -signal.SIGKILL
    return project


def told(project: Project) -> list[dict[str, str]]:
    """The notices that the program was given."""
    return [json.loads(line) for line in (project.folder / "told").read_text().splitlines()]


def test_a_notice_that_may_be_lost_goes_out_again_with_the_next_tick(killed: Project) -> None:
    (run_id,) = killed.run_ids()
    shown = killed.json("show", run_id)
    assert shown["status"] == "failed"
    (untold,) = shown["untold"]
    assert (untold["step"], untold["channel"], untold["who"]) == ("a", "pager", "ops")
    assert killed.agentflow("show", run_id).out.splitlines()[-2:] == [
        "not known to have arrived: 1 notice of a",
        "send with: agentflow tick",
    ]
    assert killed.json("tick", code=1)["runs"] == [
        {"run": run_id, "status": "failed", "problem": None}
    ]
    first, second = told(killed)
    assert first == second
    assert (first["kind"], first["text"]) == ("notice", "Look: server_error")
    assert killed.json("show", run_id)["untold"] == []
    # Once it is known to have arrived, nobody is told again.
    assert killed.agentflow("tick").out == "nothing is due\n"
    assert killed.agentflow("resume", run_id).err == f"error: run '{run_id}' has ended: failed\n"
    assert len(told(killed)) == 2
    entries = read_run(Store(killed.folder / ".agentflow"), run_id).entries
    (notice,) = [d for entry in entries for d in entry.decisions if isinstance(d, Notify)]
    (arrived,) = [entry.fact for entry in entries if isinstance(entry.fact, Delivered)]
    assert arrived.message == notice.message
    assert killed.agentflow("replay", run_id).code == 0


def test_resume_sends_it_too(killed: Project) -> None:
    (run_id,) = killed.run_ids()
    done = killed.json("resume", run_id, code=1)
    assert (done["status"], len(told(killed))) == ("failed", 2)
