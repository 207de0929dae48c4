"""Signals, whatever the run is doing: its exit code says so, nothing is left, and it can be
resumed."""

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any

import pytest

from ..processes import WATCHDOG
from .shell import Project, later, wait_until

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Hangs with a grandchild and does not care for SIGTERM, as long as there is no file `go`.
HANG = """\
import signal, subprocess, sys, time
from pathlib import Path

def hang():
    if not Path("go").exists():
        subprocess.Popen(["sleep", "1000"])
        Path("busy").touch()
        time.sleep(1000)
    return {}

def hang_deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return hang()

if __name__ == "__main__":
    hang_deaf()
    print("{}")
"""
#: Fails as long as there is no file `go`.
FLAKY = "import pathlib, sys; pathlib.Path('go').exists() or sys.exit(1); print('{}')"
AGENTS: dict[str, Any] = {
    "worker": {"kind": "python", "call": "hang:hang"},
    "deaf_worker": {"kind": "python", "call": "hang:hang_deaf"},
    "deaf": {"kind": "command", "argv": ["python3", "hang.py"]},
    "flaky": {
        "kind": "command",
        "argv": ["python3", "-c", FLAKY],
        "retry": {"max_attempts": 2, "backoff": {"initial": "1h", "max": "1h", "jitter": "none"}},
    },
}
#: A scene in which each signal is tried; in the others one of them has to do.
EACH_SIGNAL = [("deaf worker", signal.SIGINT), ("deaf worker", signal.SIGHUP)]
LOOP = {"max": 2, "until": "true", "steps": {"it": {"agent": "worker"}}}
STEPS: dict[str, Any] = {
    "worker": {"agent": "worker"},
    "deaf worker": {"agent": "deaf_worker"},
    "deaf program": {"agent": "deaf"},
    "many": {"agent": "worker", "for_each": {"over": [1, 2, 3, 4], "max": 4, "parallel": 2}},
    "wait": {"agent": "flaky"},
    "loop": {"loop": LOOP},
    "pipeline": {"pipeline": "child.yaml"},
}


def spec(step: Any, **agents: Any) -> str:
    shared = {"effects": "read", "timeout": "5m", "input": {}, "output": {}}
    known = {name: {**shared, **agent} for name, agent in {**AGENTS, **agents}.items()}
    return json.dumps({"agentflow": 1, "name": "busy", "agents": known, "steps": {"it": step}})


class Silent(BaseHTTPRequestHandler):
    """Takes a call in and does not answer."""

    def do_POST(self) -> None:
        self.server.asked.set()  # type: ignore[attr-defined]
        self.server.go.wait()  # type: ignore[attr-defined]
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def silent() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    server.asked, server.go = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.go.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def interrupt(project: Project, process: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """Send a signal; nothing of the run is left but its log. Gives its id."""
    before = project.files()
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, err) == (128 + number, "")
    (run_id,) = project.run_ids()
    assert f"interrupted by {number.name}\n" in out
    assert f"go on with: agentflow resume {run_id}\n" in out
    project.wait_for_processes()
    assert project.files() == before
    (listed,) = project.json("runs")["runs"]  # `interrupted` only if nobody holds the lock
    assert listed["status"] == "interrupted"
    run = project.folder / ".agentflow" / "runs" / run_id
    assert (run / "lock").read_bytes() == b""
    assert list(run.rglob("*.new")) == []
    return run_id


@pytest.mark.parametrize(("scene", "number"), [*zip(STEPS, cycle(SIGNALS)), *EACH_SIGNAL])
def test_whatever_the_run_is_doing(project: Project, scene: str, number: signal.Signals) -> None:
    project.write("hang.py", HANG)
    project.write("child.yaml", spec(STEPS["worker"]))
    project.write("busy.yaml", spec(STEPS[scene]))
    with project.start("run", "busy.yaml") as process:
        if scene == "wait":
            assert process.stdout is not None
            assert any("again in 1h" in line for line in process.stdout)
        else:
            wait_until((project.folder / "busy").exists)
        run_id = interrupt(project, process, number)

    project.write("go", "")
    by = later(3600) if scene == "wait" else ()
    assert project.json("resume", run_id, by=by)["status"] == "succeeded"
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_request_that_is_not_answered(project: Project, silent: ThreadingHTTPServer) -> None:
    url = f"http://127.0.0.1:{silent.server_port}/"
    http = {"kind": "http", "url": url}
    project.write("busy.yaml", spec({"agent": "http"}, http=http))
    with project.start("run", "busy.yaml") as process:
        assert silent.asked.wait(WATCHDOG)  # type: ignore[attr-defined]
        interrupt(project, process, signal.SIGTERM)


def test_a_question_that_is_waited_for(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait") as process:
        wait_until(lambda: project.calls() == ["look"])
        project.wait_for_question()
        run_id = interrupt(project, process, signal.SIGHUP)
    # It is still open; without `--wait` the run says so, and no signal is needed.
    assert project.json("resume", run_id, code=4)["status"] == "waiting"
    assert project.json("answer", run_id, "approve", "approve")["taken"] is True
    assert project.json("resume", run_id)["status"] == "succeeded"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_server_that_does_not_get_ready(project: Project, number: signal.Signals) -> None:
    """Nothing has been called, and there is no run."""
    server = {"command": "python3", "args": ["hang.py"]}
    caller = {"kind": "mcp", "server": "tools", "tool": "any"}
    told = json.loads(spec({"agent": "caller"}, caller=caller)) | {"servers": {"tools": server}}
    project.write("hang.py", HANG)
    project.write("busy.yaml", json.dumps(told))
    with project.start("run", "busy.yaml") as process:
        wait_until((project.folder / "busy").exists)
        process.send_signal(number)
        out, err = process.communicate()
    told = f"error: interrupted by {number.name} before anything was called\n"
    waited = "waiting for server 'tools' to get ready\n"
    assert (process.returncode, out, err) == (128 + number, waited, told)
    project.wait_for_processes()
    assert project.run_ids() == []


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_ends_it_at_once(project: Project, number: signal.Signals) -> None:
    project.edit("stubborn.yaml", "timeout: 1s", "timeout: 5m")
    with project.start("run", "stubborn.yaml") as process:
        assert process.stdout is not None
        assert any("started, agent 'stubborn'" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        assert any("run interrupted by SIGTERM" in line for line in process.stdout)
        process.send_signal(number)
        assert process.wait() == -number
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "interrupted"
