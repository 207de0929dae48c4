"""Limits that processes share: what a server sees at the same time."""

import signal
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from agentflow.core.events import AttemptAdmitted, AttemptSucceeded, AttemptWaits
from agentflow.errors import LogDamaged
from agentflow.eventlog import Store
from agentflow.history import read_run
from tests.agents.openai_server import Answer, OpenAIServer, completion

from ..processes import WATCHDOG
from .shell import Project, wait_until

SPEC = """
agentflow: 1
name: chats
models:
  m: {model: openai/m, limits: {concurrency: 1, across: machine}}
agents:
  chat: {kind: llm, model: m, input: {type: object}, output: {type: object}, timeout: 30s}
steps:
  ask:
    for_each: {over: [1, 2, 3, 4], max: 4}
    agent: chat
outputs: {said: "${{ size(steps.ask.output) }}"}
"""


def test_the_log_says_when_the_request_of_a_limited_model_leaves(project: Project) -> None:
    project.write(
        "chats.yaml", SPEC.replace("concurrency: 1, across: machine", "requests_per_minute: 9")
    )
    with OpenAIServer() as server:
        server.answer = Answer(body=completion("{}", model="m"))
        env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.url, "OPENAI_API_BASE": server.url}
        run_id = str(project.json("run", "chats.yaml", env=env)["run"])
    recorded = read_run(Store(project.folder / ".agentflow"), run_id)
    for item in range(4):
        facts = [
            one.fact for one in recorded.entries if getattr(one.fact, "step", "") == f"ask[{item}]"
        ]
        # Once more than it waited, for the import of LiteLLM.
        left = [fact for fact in facts if isinstance(fact, AttemptAdmitted)]
        assert len(left) == 1 + sum(isinstance(fact, AttemptWaits) for fact in facts)
        assert isinstance(facts[-1], AttemptSucceeded)
    assert project.agentflow("replay", run_id, "--quiet").code == 0


class Held:
    """Holds back every answer, and counts the requests that are open at a time, by the keys of
    their runs.

    Once the `gate` is open, two of them end together or not at all; those of who is `gone` just
    end.
    """

    def __init__(self, server: OpenAIServer) -> None:
        self.open: Counter[str] = Counter()
        self.most = 0
        self.gone: str | None = None
        self.gate = threading.Event()
        self._pairs = threading.Barrier(2)
        self._lock = threading.Lock()
        self._server = server

    def __call__(self, _request: Any) -> Answer:
        key = self._server.headers[-1]["authorization"].removeprefix("Bearer ")
        with self._lock:
            self.open[key] += 1
            self.most = max(self.most, self._living())
        return Answer(body=completion("{}", model="m"), until=lambda: self._hold(key))

    def bury(self, key: str) -> None:
        """Count nothing more of a run that is dead; nobody reads the answers to it."""
        with self._lock:
            self.gone = key
            self.most = 0

    def living(self) -> int:
        """The open requests of runs that are not dead."""
        with self._lock:
            return self._living()

    def _living(self) -> int:
        return sum(number for key, number in self.open.items() if key != self.gone)

    def _hold(self, key: str) -> None:
        assert self.gate.wait(WATCHDOG)
        if key != self.gone:
            self._pairs.wait(WATCHDOG)
        with self._lock:
            self.open[key] -= 1


def held_up(project: Project) -> int:
    """The calls of all runs that have found no place free."""
    store = Store(project.folder / ".agentflow")
    try:
        entries = [one for run_id in project.run_ids() for one in read_run(store, run_id).entries]
    except LogDamaged:  # one has its place in the store, and no first entry yet
        return 0
    facts = [one.fact for one in entries]
    waits = [fact for fact in facts if isinstance(fact, AttemptWaits)]
    return sum(fact.why.startswith("no place is free") for fact in waits)


def test_all_runs_on_the_machine_share_a_limit_and_a_killed_one_keeps_no_place(
    project: Project, tmp_path: Path
) -> None:
    """Three runs of four calls, and two places. A run that has one of them is killed."""
    project.write("chats.yaml", SPEC.replace("concurrency: 1", "concurrency: 2"))
    with OpenAIServer() as server, ExitStack() as started:
        server.answer = held = Held(server)
        started.callback(held.gate.set)
        env = {
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_BASE": server.url,
            "XDG_RUNTIME_DIR": str(tmp_path),
        }
        runs = {
            key: project.start("run", "chats.yaml", "--quiet", env={**env, "OPENAI_API_KEY": key})
            for key in ("key-1", "key-2", "key-3")
        }
        for process in runs.values():
            started.callback(process.kill)
        # Each run has let two of its calls go so far: six have asked for a place, and two have one.
        wait_until(lambda: len(project.run_ids()) == 3 and held_up(project) == 4)
        wait_until(lambda: held.living() == 2)
        assert len(server.requests) == 2

        key = next(iter(held.open))
        killed = runs.pop(key)
        had = held.open[key]
        killed.kill()
        killed.communicate(timeout=WATCHDOG)
        assert killed.returncode == -signal.SIGKILL
        held.bury(key)
        wait_until(lambda: held.living() == 2)  # what it had, others have now
        held.gate.set()
        ended = [run.communicate(timeout=WATCHDOG) for run in runs.values()]
        assert [run.returncode for run in runs.values()] == [0, 0], ended
        assert (len(server.requests), held.most) == (had + 8, 2)
    finished = [run_id for run_id in project.run_ids() if is_over(project, run_id)]
    assert len(finished) == 2
    for run_id in finished:
        assert project.agentflow("replay", run_id, "--quiet").code == 0


def is_over(project: Project, run_id: str) -> bool:
    """Has a run succeeded?"""
    return bool(project.json("show", run_id)["status"] == "succeeded")
