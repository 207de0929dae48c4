"""What durability costs: a step of a run beside a bare insert into SQLite.

The floor inserts the very bytes that the run stored, one transaction a step, with the same
settings (write-ahead log, `synchronous=NORMAL`). A run's time is that from its first entry to its
last: it decides, checks both contracts, calls the agent in process and stores the outcome.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agentflow.engines.launch import Settings
from agentflow.eventlog import Store
from agentflow.loading import load
from agentflow.runs import run


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="agentflow-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def seconds_of_a_run(spec: Path) -> Callable[[], float]:
    """From the first entry to the last of a run of `spec`, in seconds."""
    loaded = load(spec)

    def measure() -> float:
        stored: list[float] = []
        with _folder() as folder:
            state = run(
                loaded,
                {},
                Store(folder),
                Settings(),
                lambda _plan, _run_id: lambda _entry: stored.append(time.perf_counter()),
            )
        if state.status != "succeeded":
            raise SystemExit(f"the run failed: {state.failure}")
        return stored[-1] - stored[0]

    return measure


def seconds_of_bare_inserts(rows: list[bytes], count: int) -> Callable[[], float]:
    """`count` inserts of `rows` in turn, each in a transaction of its own, in seconds."""

    def measure() -> float:
        with _folder() as folder:
            database = sqlite3.connect(folder / "floor.db", isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, entry BLOB)")
            began = time.perf_counter()
            for seq in range(count):
                row = (seq, rows[seq % len(rows)])
                database.execute("INSERT INTO log VALUES (?, ?)", row)
            taken = time.perf_counter() - began
            database.close()
        return taken

    return measure


def rows_of_a_run(spec: Path) -> list[bytes]:
    """The bytes that a run of `spec` stores, entry by entry."""
    with _folder() as folder:
        run(load(spec), {}, Store(folder), Settings(), lambda _p, _r: lambda _e: None)
        (path,) = folder.glob("runs/*/cache.db")
        with sqlite3.connect(path) as database:
            found = database.execute("SELECT value FROM Cache ORDER BY key").fetchall()
        database.close()
    return [bytes(value) for (value,) in found]
