"""One writer a run: a lock on a file, held as long as the writer lives.

`flock` is freed by the kernel when its process dies, however it dies, so it is never stale. The
file's content (process, host, since) is for people only. Programs that are started do not inherit
the lock; a forked child that does not start a program would.
"""

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from agentflow.errors import RunLocked, StoreError
from agentflow.eventlog.faults import told
from agentflow.eventlog.private import open_file

NAME = "lock"

# A reader that asks `is_held` has the lock for some microseconds; a writer that starts just then
# must not be refused. Ten tries are a fifth of a second.
_TRIES = 10
_PAUSE = 0.02


class Lock:
    """The lock of one run, held. `release` may be called again."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    def sign(self) -> None:
        """Write down who holds it. Raises `StoreError`."""
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if self._descriptor is None:
            return
        with told("write", self._path):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(holder).encode(), 0)

    def release(self) -> None:
        """Free it and wipe the signature."""
        if self._descriptor is not None:
            with suppress(OSError):  # the signature is a courtesy, closing is what counts
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def acquire(folder: Path, run: str) -> Lock:
    """Take the lock of `run`, which lives in `folder`.

    Raises `RunLocked` within a second, or `StoreError`.
    """
    path = folder / NAME
    descriptor = open_file(path, os.O_RDWR | os.O_CREAT)
    try:
        for _ in range(_TRIES):
            if _flock(path, descriptor, fcntl.LOCK_EX):
                return Lock(path, descriptor)
            time.sleep(_PAUSE)
        holder = _holder(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise RunLocked(
        f"run '{run}' is in use by {holder}",
        help="wait until that process ends, or stop it; then try again",
    )


def is_held(folder: Path) -> bool:
    """Does a writer, of this or another process, hold the lock? A missing lock file says no."""
    path = folder / NAME
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return False
        raise
    try:
        return not _flock(path, descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holder(folder: Path) -> str | None:
    """Who holds the lock, for people: `process 4711 on 'desk' since 2026-11-20T13:30:00+00:00`.

    None if nobody does.
    """
    if not is_held(folder):
        return None
    descriptor = open_file(folder / NAME, os.O_RDONLY)
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _flock(path: Path, descriptor: int, kind: int) -> bool:
    """Try to lock an open file; False if somebody else has it."""
    with told("lock", path):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _holder(descriptor: int) -> str:
    try:
        match json.loads(os.pread(descriptor, 4096, 0)):
            case {"pid": int(pid), "host": str(host), "since": str(since)}:
                return f"process {pid} on {host!r} since {since}"
    except ValueError:
        pass  # its owner has just begun, or was killed while it signed
    return "another process"
