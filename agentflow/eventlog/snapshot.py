"""Rows of a run's database, read without disturbing anybody.

Readers use `sqlite3` alone: opening a diskcache `Cache` writes. A read-only connection is not
enough either, since it makes or changes the files beside a database in WAL mode. So there are
three ways to look, by what is there:

- a writer is alive: an ordinary read-only connection, which takes part in SQLite's own locking;
- no writer, and a log file (`-wal`) that a killed writer left: `readonly_shm`, which rebuilds the
  index of that file in memory;
- no writer and no `-wal`: `immutable`, without any locks.

The last two are right only as long as nobody writes. That is compared afterwards, and what was
read in the meantime is thrown away. Each page has a connection of its own, so a reader that waits
never keeps a writer from tidying up.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar

from agentflow.errors import StoreError
from agentflow.eventlog.chain import damaged
from agentflow.eventlog.faults import from_sqlite, told
from agentflow.eventlog.private import check_file

DATABASE = "cache.db"

#: Rows that are read at a time.
PAGE = 256

#: What diskcache 5 makes in a database: anything else was put there by somebody else.
_SCHEMA = frozenset({
    ("table", "Settings"),
    ("table", "Cache"),
    ("index", "sqlite_autoindex_Settings_1"),
    ("index", "Cache_key_raw"),
    ("index", "Cache_expire_time"),
    ("trigger", "Settings_count_insert"),
    ("trigger", "Settings_count_delete"),
    ("trigger", "Settings_size_insert"),
    ("trigger", "Settings_size_update"),
    ("trigger", "Settings_size_delete"),
})  # fmt: skip

# The index file of a log file is made in blocks of this many bytes; a smaller one is torn.
_INDEX_BLOCK = 32768

_TRIES = 10
_PAUSE = 0.02

_Answer = TypeVar("_Answer")
_Traces = tuple[tuple[int, int, int] | None, ...]


class Row(NamedTuple):
    """A row as it is stored; nothing of it is to be trusted."""

    key: object
    raw: object
    mode: object
    filename: object
    tag: object
    value: object


def read_page(folder: Path, start: int, *, live: bool) -> list[Row]:
    """Up to `PAGE` rows with keys from `start`, in the order of keys.

    `live` says that a writer holds the lock of the run. Raises `LogDamaged` if SQLite finds the
    database broken, `StoreError` if it can't be read.
    """
    query = (
        "SELECT key, raw, mode, filename, tag, value FROM Cache WHERE key >= ? ORDER BY key LIMIT ?"
    )

    def ask(connection: sqlite3.Connection) -> list[Row]:
        return [Row(*row) for row in connection.execute(query, (start, PAGE))]

    return _look(folder, start, ask, live=live)


def read_settings(folder: Path) -> dict[str, object]:
    """The settings that diskcache keeps in the database of a run that nobody writes."""

    def ask(connection: sqlite3.Connection) -> dict[str, object]:
        return dict(connection.execute("SELECT key, value FROM Settings").fetchall())

    return _look(folder, 0, ask, live=False)


def _look(
    folder: Path, start: int, ask: Callable[[sqlite3.Connection], _Answer], *, live: bool
) -> _Answer:
    path = folder / DATABASE
    refusal: sqlite3.Error | None = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        _check_files(folder, start)
        before = _traces(path)
        try:
            address = _address(path, live=live)
            with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
                _check_schema(folder, start, connection)
                answer = ask(connection)
        except sqlite3.OperationalError as error:
            refusal = error  # a writer that starts or ends just now moves the files beneath us
            continue
        except sqlite3.DatabaseError as error:
            raise damaged(folder.name, start, f"'{path}': {error}") from error
        if live or _traces(path) == before:
            return answer
    raise from_sqlite("read", path, refusal) from refusal


def _address(path: Path, *, live: bool) -> str:
    address = f"{path.as_uri()}?mode=ro"
    if live:
        return address
    if not _size(path, "-wal"):
        return address + "&immutable=1"
    if _size(path, "-shm") >= _INDEX_BLOCK:
        return address + "&readonly_shm=1"
    return address  # the index is gone, so SQLite has to make it anew


def _check_files(folder: Path, start: int) -> None:
    path = folder / DATABASE
    if not path.is_symlink() and not path.exists():
        raise damaged(folder.name, start, f"'{path}' is missing")
    check_file(path)
    for ending in ("-wal", "-shm", "-journal"):
        beside = path.with_name(path.name + ending)
        try:
            check_file(beside)
        except StoreError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise


def _check_schema(folder: Path, start: int, connection: sqlite3.Connection) -> None:
    found = set(connection.execute("SELECT type, name FROM sqlite_master").fetchall())
    if found != _SCHEMA:
        kind, name = min(found ^ _SCHEMA)
        fault = "is missing" if (kind, name) in _SCHEMA else "was put in"
        raise damaged(folder.name, start, f"{kind} {name!r} of '{folder / DATABASE}' {fault}")


def _size(path: Path, ending: str) -> int:
    beside = path.with_name(path.name + ending)
    with told("read", beside):
        return beside.stat().st_size if beside.exists() else 0


def _traces(path: Path) -> _Traces:
    """What would differ if somebody had written."""
    traces: list[tuple[int, int, int] | None] = []
    for beside in (path, path.with_name(path.name + "-wal")):
        try:
            found = beside.stat()
        except FileNotFoundError:
            traces.append(None)
        else:
            traces.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(traces)
