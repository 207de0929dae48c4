"""What the tests of the event log share: runs to look at, ways to break them, other processes."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from agentflow.eventlog import Store

from ..processes import WATCHDOG

CLEAN = {"HEAD", "blobs", "cache.db", "lock"}


def record(number: int) -> dict[str, Any]:
    return {"fact": {"kind": "Counted", "number": number}, "decisions": []}


def make_run(store: Store, run: str = "run", entries: int = 10) -> Path:
    """A run that was ended properly, HEAD at its last entry."""
    with store.create(run) as writer:
        writer.append([record(number) for number in range(entries)])
    return writer.path


def make_killed_run(store: Store, run: str = "run", entries: int = 10) -> Path:
    """A run whose writer was killed after it had sealed: its entries are in cache.db-wal only."""
    code = f"""
        writer = Store(root).create({run!r})
        for number in range({entries}):
            writer.append([{{"fact": {{"kind": "Counted", "number": number}}, "decisions": []}}])
        writer.seal()
        os.kill(os.getpid(), 9)
    """
    done = run_code(store, code)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return store.root / "runs" / run


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of change of every file below a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def execute(folder: Path, statement: str, *values: object) -> None:
    """Change the database of a run behind the back of everybody."""
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        connection.execute(statement, values)


def stored(folder: Path, seq: int) -> tuple[bytes, str]:
    """Bytes and hash of an entry as they are stored."""
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        select = "SELECT value, tag FROM Cache WHERE key = ?"
        value, tag = connection.execute(select, (seq,)).fetchone()
    return value, tag


def copy(folder: Path, to: Path) -> Store:
    """A store with one run, a copy of another, with all that lies beside its database."""
    shutil.copytree(folder, to / "runs" / folder.name)
    return Store(to)


def _script(store: Store, code: str) -> list[str]:
    import textwrap

    head = f"""
import os, sys
from pathlib import Path
from agentflow.errors import AgentflowError
from agentflow.eventlog import Store
root = Path({str(store.root)!r})
"""
    return [sys.executable, "-c", head + textwrap.dedent(code)]


def run_code(store: Store, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in another process to its end; `root` is the store's folder there."""
    return subprocess.run(_script(store, code), capture_output=True, text=True, timeout=WATCHDOG)


@contextmanager
def running(store: Store, code: str) -> Iterator[subprocess.Popen[str]]:
    """Run code in another process, which is killed at the end of the block."""
    with subprocess.Popen(
        _script(store, code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def files_of(folder: Path) -> set[str]:
    return set(os.listdir(folder))
