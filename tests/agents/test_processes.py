"""What happens to the processes of a run when the run itself is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .calls import ROOT, alive, ends

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
        ("command", {"argv": [sys.executable, "-c", HANGS]}),
    ],
)
def test_a_killed_run_leaves_no_process(kind: str, keys: dict[str, object], tmp_path: Path) -> None:
    note = tmp_path / "note"
    argv = [sys.executable, "-c", RUN, kind, repr(keys), str(note)]
    run = subprocess.Popen(argv, cwd=ROOT.parents[2], start_new_session=True)
    try:
        while not (note.exists() and note.read_text()):
            assert run.poll() is None
        process = int(note.read_text())
        assert alive(process)
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert ends(process)
