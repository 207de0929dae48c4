"""Limits that two processes share: what a server sees at the same time."""

import threading
import time
from pathlib import Path
from typing import Any

from agentflow.core.events import AttemptAdmitted, AttemptSucceeded, AttemptWaits
from agentflow.eventlog import Store
from agentflow.history import read_run
from tests.agents.openai_server import Answer, OpenAIServer, completion

from ..processes import WATCHDOG
from .shell import Project

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


class Watching:
    """Counts the requests that are open at a time, each of which stays open for a moment."""

    def __init__(self) -> None:
        self.open = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, _request: Any) -> Answer:
        with self._lock:
            self.open += 1
            self.most = max(self.most, self.open)
        time.sleep(0.03)
        with self._lock:
            self.open -= 1
        return Answer(body=completion("{}", model="m"))


def test_all_runs_on_the_machine_share_a_limit(project: Project, tmp_path: Path) -> None:
    project.write("chats.yaml", SPEC)
    with OpenAIServer() as server:
        server.answer = watching = Watching()
        env = {
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_BASE": server.url,
            "XDG_RUNTIME_DIR": str(tmp_path),
        }
        runs = [project.start("run", "chats.yaml", "--quiet", env=env) for _ in range(2)]
        ended = [run.communicate(timeout=WATCHDOG) for run in runs]
        assert [run.returncode for run in runs] == [0, 0], ended
        assert (len(server.requests), watching.most) == (8, 1)
    for run_id in project.run_ids():
        assert project.agentflow("replay", run_id, "--quiet").code == 0
