"""A `validate` that is killed while several processes check for it: they end with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..processes import WATCHDOG, alive, comes_true, ends
from .checking import GOOD

#: Runs the command with a process for each of two specs, whatever the machine has. One check takes for
#: ever; the process of the other one waits for work after it.
SCRIPT = """\
import os, sys, time
from pathlib import Path
sys.path.pop(0)
import agentflow.cli.checking as checking
from agentflow.__main__ import main
checking.WORTH_WHILE = 0
os.sched_getaffinity = lambda _: {0, 1}
whole = checking._check

def check(task):
    Path(f"{task.path}.pid").write_text(str(os.getpid()))
    while task.path == "endless.yaml":
        time.sleep(1)
    return whole(task)

checking._check = check
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_outlives_the_first_process(tmp_path: Path, number: signal.Signals) -> None:
    for name in ("endless.yaml", "short.yaml"):
        (tmp_path / name).write_text(GOOD)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "validate", "endless.yaml", "short.yaml"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        written = [tmp_path / f"{name}.yaml.pid" for name in ("endless", "short")]
        assert comes_true(lambda: all(file.exists() and file.read_text() for file in written))
        pids = {int(file.read_text()) for file in written}
        assert len(pids) == 2
        assert all(map(alive, pids))
        process.send_signal(number)
        # They hold the streams, too: whoever reads those reads to their end only when all are gone.
        assert process.communicate(timeout=WATCHDOG) == ("", "")
        assert process.returncode == -number
    assert all(map(ends, pids))
