"""What happens to the processes of a run when the run itself is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentflow.agents.warden import MARK, guard

from ..processes import alive, comes_true, ends, has_text
from .calls import ROOT

RUN = """
import asyncio, sys
from tests.agents.calls import call, connected, options

async def use(connection):
    await connection.call(options(sys.argv[1], **eval(sys.argv[2])), call(note=sys.argv[3]))

connected(sys.argv[1], use)
"""
HANGS = """
import json, os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(json.load(sys.stdin)["note"]).write_text(str(os.getpid()))
time.sleep(3600)
"""


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("python", {"call": "authored:hangs"}),
        ("python", {"call": "authored:hangs_in_c"}),
        ("python", {"call": "authored:leaves_child"}),
        ("python", {"call": "authored:leaves_session"}),
        ("command", {"argv": [sys.executable, "-c", HANGS]}),
    ],
)
def test_a_killed_run_leaves_no_process(kind: str, keys: dict[str, object], tmp_path: Path) -> None:
    note = tmp_path / "note"
    argv = [sys.executable, "-c", RUN, kind, repr(keys), str(note)]
    run = subprocess.Popen(argv, cwd=ROOT.parents[2], start_new_session=True)
    try:
        assert comes_true(lambda: has_text(note) or run.poll() is not None)
        process = int(note.read_text())
        assert alive(process)
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert ends(process)


def test_a_program_is_guarded_before_it_starts() -> None:
    """What a run starts just before it is killed, and has not told of, is known by its mark."""
    told, other = (
        subprocess.Popen(["sleep", "3600"], env={**os.environ, MARK: mark}, start_new_session=True)
        for mark in ("told-before", "told-before-too")
    )
    guard([b"+gone\n", b"+told-before\n", b"-gone\n"])
    assert told.wait() == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()
