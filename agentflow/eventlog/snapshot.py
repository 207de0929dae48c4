"""Rows of a run's database, read without disturbing anybody.

Readers use `sqlite3` alone: opening a diskcache `Cache` writes. A read-only connection is not
enough either, since it makes or changes the files beside a database in WAL mode. So there are
three ways to look, by what is there:

- a writer is alive, or it is the writer who asks: an ordinary read-only connection, which takes
  part in SQLite's own locking;
- no writer and no log file (`-wal`): `immutable`, without any locks;
- no writer, but a `-wal` that a killed one left: a private copy of both, made once. (SQLite's
  `readonly_shm` would do without, but waits ten seconds and fails if the kill came while the index
  of the log file, `-shm`, was being written.)

The last two are right only as long as nobody writes. That is compared afterwards, and what was
read in the meantime is thrown away. Each page has a connection of its own, so a reader that waits
never keeps a writer from tidying up.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from agentflow.errors import LogDamaged, StoreError
from agentflow.eventlog.chain import damaged
from agentflow.eventlog.faults import from_sqlite, told
from agentflow.eventlog.private import check_file, is_there

DATABASE = "cache.db"

#: Rows that are read at a time.
PAGE = 1000

#: What diskcache 5 makes in a database: anything else was put there by somebody else.
_SCHEMA = frozenset({
    ("table", "Settings"),
    ("table", "Cache"),
    ("index", "sqlite_autoindex_Settings_1"),
    ("index", "Cache_key_raw"),
})  # fmt: skip
#: What a writer takes out of that, and what stands there if it was killed before it could: kinds
#: and names.
UNUSED = (
    ("trigger", "Settings_count_insert"),
    ("trigger", "Settings_count_delete"),
    ("trigger", "Settings_size_insert"),
    ("trigger", "Settings_size_update"),
    ("trigger", "Settings_size_delete"),
    ("index", "Cache_expire_time"),
)

_TRIES = 10
_PAUSE = 0.02

_Answer = TypeVar("_Answer")


class _Trace(NamedTuple):
    inode: int
    size: int
    changed: int  # in ns


class _Traces(NamedTuple):
    """What would differ if somebody had written."""

    database: _Trace | None
    log: _Trace | None


class Row(NamedTuple):
    """A row as it is stored; nothing of it is to be trusted."""

    key: object
    raw: object
    mode: object
    filename: object
    tag: object
    value: object


class Snapshot:
    """A look at the database of the run in `folder`. All methods raise `LogDamaged` if SQLite
    finds it broken, and `StoreError` if it can't be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / DATABASE
        self._copy: sqlite3.Connection | None = None
        self._copied: _Traces | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def page(self, start: int, *, live: bool) -> list[Row | None]:
        """Up to `PAGE` rows with keys from `start`, in the order of keys.

        None at the end says that the next row cannot be read; whoever asks for it is told why.
        `live` says that a writer, perhaps the caller, holds the lock of the run.
        """
        query = (
            "SELECT key, raw, mode, filename, tag, value FROM Cache"
            " WHERE key >= ? ORDER BY key LIMIT ?"
        )

        def ask(connection: sqlite3.Connection) -> list[Row | None]:
            rows: list[Row | None] = []
            try:
                for row in connection.execute(query, (start, PAGE)):
                    rows.append(Row(*row))  # noqa: PERF401 - those before a damage count
            except sqlite3.DatabaseError as error:
                if not rows or not _is_damage(error):
                    raise
                rows.append(None)
            return rows

        return self._look(start, ask, live=live)

    def settings(self) -> dict[str, object]:
        """The settings that diskcache keeps in the database; for the holder of the lock."""

        def ask(connection: sqlite3.Connection) -> dict[str, object]:
            return dict(connection.execute("SELECT key, value FROM Settings").fetchall())

        return self._look(0, ask, live=True)

    def _look(
        self, start: int, ask: Callable[[sqlite3.Connection], _Answer], *, live: bool
    ) -> _Answer:
        refusal: StoreError | None = None
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE)
            _check_files(self._folder, start)
            before = _traces(self._path)
            # A writer that has opened the database has a log file, if only an empty one.
            shared = live and before.log is not None
            try:
                answer = self._ask(start, ask, before, shared=shared)
            except StoreError as error:
                # A writer that starts or ends just now moves the files beneath us.
                refusal = error
                if isinstance(error, LogDamaged) and (shared or _traces(self._path) == before):
                    raise
            else:
                if shared or _traces(self._path) == before:
                    return answer
        raise refusal or from_sqlite("read", self._path, None)

    def _ask(
        self,
        start: int,
        ask: Callable[[sqlite3.Connection], _Answer],
        traces: _Traces,
        *,
        shared: bool,
    ) -> _Answer:
        try:
            with self._connected(traces, shared=shared) as connection:
                _check_schema(self._folder, start, connection)
                return ask(connection)
        except UnicodeDecodeError as error:  # SQLite's complaint quotes bytes that are no text
            raise damaged(self._folder.name, start, f"'{self._path}' is malformed") from error
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise damaged(self._folder.name, start, f"'{self._path}': {error}") from error
            raise from_sqlite("read", self._path, error) from error

    @contextmanager
    def _connected(self, traces: _Traces, *, shared: bool) -> Iterator[sqlite3.Connection]:
        if shared or traces.log is None or not traces.log.size:
            with closing(_open(self._path, "" if shared else "&immutable=1")) as connection:
                yield connection
        else:
            yield self._copy_once(traces)

    def _copy_once(self, traces: _Traces) -> sqlite3.Connection:
        if self._copy is None or self._copied != traces:
            self._forget()
            with (
                told("copy", self._path),
                tempfile.TemporaryDirectory(prefix="agentflow-") as folder,
            ):
                for path in (self._path, _beside(self._path, "-wal")):
                    shutil.copyfile(path, Path(folder) / path.name)
                self._copy, self._copied = _open(Path(folder) / DATABASE), traces
                # Once SQLite has opened the files they need no names, and nothing is left behind.
                self._copy.execute("SELECT name FROM sqlite_master").fetchall()
        return self._copy

    def _forget(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None


def _open(path: Path, how: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro{how}", uri=True, isolation_level=None)
    # Text that is no UTF-8 is damage like any other, to be found by its hash.
    connection.text_factory = lambda data: data.decode(errors="backslashreplace")
    return connection


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Is it the bytes? What the system or a lock refused is an `OperationalError` with a code."""
    if not isinstance(error, sqlite3.OperationalError):
        return True
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR


def _check_files(folder: Path, start: int) -> None:
    path = folder / DATABASE
    if not is_there(path):
        raise damaged(folder.name, start, f"'{path}' is missing")
    check_file(path)
    for ending in ("-wal", "-shm", "-journal"):
        try:
            check_file(_beside(path, ending))
        except StoreError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise


def _check_schema(folder: Path, start: int, connection: sqlite3.Connection) -> None:
    found = set(connection.execute("SELECT type, name FROM sqlite_master").fetchall())
    found -= set(UNUSED)
    if found != _SCHEMA:
        kind, name = min(found ^ _SCHEMA)
        fault = "is missing" if (kind, name) in _SCHEMA else "was put in"
        raise damaged(folder.name, start, f"{kind} {name!r} of '{folder / DATABASE}' {fault}")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _traces(path: Path) -> _Traces:
    return _Traces(_trace(path), _trace(_beside(path, "-wal")))


def _trace(path: Path) -> _Trace | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _Trace(found.st_ino, found.st_size, found.st_mtime_ns)
