"""The agents of `a2a_server.py` as a process that listens on a port of this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..processes import comes_true, has_text

ROOT = Path(__file__).parents[2]


class Remote:
    """Agents that run: `calls` is what they were sent, `cancelled` names those that were."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"http://127.0.0.1:{(folder / 'port').read_text()}"
        self.cancelled = folder / "cancelled"

    def keys(self, name: str) -> dict[str, Any]:
        """What a spec says of one of them."""
        return {"url": f"{self.url}/{name}"}

    @property
    def calls(self) -> list[Any]:
        """Each message: the agent, the id, and what was in it."""
        return [json.loads(line) for line in (self._folder / "calls").read_text().splitlines()]


@contextmanager
def remote_agents_at(folder: Path) -> Iterator[Remote]:
    """The agents, with their notes in a folder."""
    notes = {"A2A_TEST_CALLS": "calls", "A2A_TEST_CANCELLED": "cancelled"}
    port = folder / "port"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.agents.a2a_server", str(port)],
        env={**os.environ, **{name: str(folder / file) for name, file in notes.items()}},
        cwd=ROOT,
    )
    try:
        assert comes_true(lambda: process.poll() is not None or has_text(port))
        yield Remote(folder)
    finally:
        process.kill()
        process.wait()
