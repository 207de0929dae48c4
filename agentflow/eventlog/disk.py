"""diskcache 5.6.3, made safe for a log.

Its defaults forget the oldest values, keep large ones in files that are not synced, and revive
pickles from whatever row asks for it (CVE-2025-69872). Here it stores bytes under integers, inside
the database, for ever, and does nothing else.
"""

import os
import sqlite3
from contextlib import closing
from os.path import expandvars
from pathlib import Path
from typing import Any, NoReturn

from diskcache import DEFAULT_SETTINGS, Cache, Disk, Timeout
from diskcache.core import METADATA, MODE_RAW

from agentflow.errors import StoreError
from agentflow.eventlog.chain import damaged
from agentflow.eventlog.faults import from_sqlite
from agentflow.eventlog.private import open_file
from agentflow.eventlog.snapshot import DATABASE, UNUSED, Snapshot

_NORMAL, _FULL = 1, 2  # values of PRAGMA synchronous

# A commit writes five pages, and entries are small: a fifth faster than with SQLite's 4096 bytes.
_PAGE_SIZE = 1024
# Pages of the log file (`-wal`) until they are moved into the database and synced. SQLite's 1000
# are meant for pages of 4096 bytes; with ours it would sync four times as often.
_CHECKPOINT = 1000 * 4096 // _PAGE_SIZE

_SETTINGS: dict[str, object] = {
    "eviction_policy": "none",
    "cull_limit": 0,
    "statistics": 0,
    "tag_index": 0,
    "disk_min_file_size": 2**62,
    "sqlite_journal_mode": "wal",
    # A log only grows, so there is nothing to vacuum and no need for the pages that prepare it.
    "sqlite_auto_vacuum": 0,
    # A mapped file that somebody cuts short kills the process instead of giving an error.
    "sqlite_mmap_size": 0,
    "sqlite_wal_autocheckpoint": _CHECKPOINT,
}

# How long SQLite waits for a lock that only a foreign program can hold, in seconds.
_PATIENCE = 0.5


class RawDisk(Disk):  # type: ignore[misc]  # diskcache has no types
    """Integers as keys, bytes as values, both in the database; everything else is refused."""

    def __init__(self, directory: str, **_settings: object) -> None:
        super().__init__(directory)

    def put(self, key: object) -> tuple[int, bool]:
        """A key as it is stored. Raises `TypeError` unless it is an integer."""
        if type(key) is not int:
            raise TypeError(f"key is {type(key).__name__}, expected int")
        return key, True

    def get(self, key: object, raw: object) -> int:
        """A key as it was stored. Raises `ValueError` for any that `put` cannot have made."""
        if type(key) is not int or not raw:
            raise ValueError("a key of the store is not a raw integer")
        return key

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, bytes]:
        """Size, mode, file name and value as they are stored. Raises `TypeError` unless bytes."""
        if type(value) is not bytes or read:
            raise TypeError(f"value of key {key} is {type(value).__name__}, expected bytes")
        return 0, MODE_RAW, None, value

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        """A value as it was stored. Raises `ValueError` for any that `store` cannot have made."""
        if mode != MODE_RAW or filename is not None or type(value) is not bytes or read:
            raise ValueError("a value of the store is not raw bytes")
        return value

    def filename(self, *_: object) -> NoReturn:
        """Refuse: nothing of the store lives in files."""
        raise ValueError("the store keeps no values in files")

    def remove(self, file_path: object) -> NoReturn:
        """Refuse: a planted row must not be able to delete a file."""
        raise ValueError(f"the store has no file {file_path!r} to remove")


def make_database(folder: Path) -> None:
    """Put an empty, closed and synced database into `folder`. Raises `StoreError`."""
    path = folder / DATABASE
    # SQLite would make the file itself, but readable for all; what it puts beside it has this mode.
    os.close(open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            # diskcache sets it too late, when the journal mode has been written.
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        raise from_sqlite("make", path, error) from error
    open_cache(folder, power=False).close()


def open_cache(folder: Path, *, power: bool) -> Any:
    """A diskcache `Cache` on the database in `folder`, which `make_database` has made.

    With `power` each commit is synced to the disk, so that it survives a loss of power. To be used
    from one thread. Raises `StoreError`.
    """
    path = folder / DATABASE
    _check_expansion(folder)
    _check_free(path)
    try:
        cache = Cache(
            str(folder),
            timeout=_PATIENCE,
            disk=RawDisk,
            sqlite_synchronous=_FULL if power else _NORMAL,
            **_SETTINGS,
        )
        _drop_unused(path)
    except (sqlite3.Error, Timeout) as error:
        raise from_sqlite("open", path, error) from error
    return cache


def _drop_unused(path: Path) -> None:
    """Take out what diskcache keeps up at every insert and nobody asks for.

    Its triggers count rows and bytes, and its index is over expiry times: the log numbers its own
    entries, and none of them expires. Without them an insert costs a third less. diskcache puts
    them back whenever it opens the database.
    """
    with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for kind, name in UNUSED:
            connection.execute(f"DROP {kind.upper()} IF EXISTS {name}")
        connection.execute("COMMIT")


def check_settings(folder: Path) -> None:
    """Refuse settings in the database that we did not make.

    diskcache runs each `sqlite_…` row it finds as a PRAGMA and sets each other one as an attribute
    of itself, before and beside those it is given. For the holder of the lock. Raises `LogDamaged`.
    """
    ours = {**DEFAULT_SETTINGS, **METADATA, **_SETTINGS}
    with Snapshot(folder) as snapshot:
        found = snapshot.settings()
    for name, value in found.items():
        expected = ours.get(name)
        if expected is None or type(value) is not type(expected):
            raise damaged(folder.name, 0, f"setting {str(name)[:80]!r} was put in")
        if isinstance(expected, str) and value != expected:
            raise damaged(folder.name, 0, f"setting {name!r} was changed to {str(value)[:80]!r}")


def _check_expansion(folder: Path) -> None:
    # diskcache replaces `$NAME` in the path by the variable of the environment.
    if expandvars(str(folder)) != str(folder):
        raise StoreError(
            f"cannot use '{folder}': the store would take the '$' in it for a variable",
            help="use a folder without '$' in its path",
        )


def _check_free(path: Path) -> None:
    # `Cache` tries for a minute to open a locked database; this asks once before.
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise from_sqlite("open", path, error) from error
