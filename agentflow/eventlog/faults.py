"""What went wrong underneath, said in the words of this package.

Every refusal of the operating system or of SQLite becomes a `StoreError` that names the path and
says what to do about it.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentflow.errors import StoreError

_FULL = "free space on that disk"
_LIMITED = "raise the limit on the size of files (ulimit -f)"
_DENIED = "make it writable for you"
_READ_ONLY = "mount that file system for writing"
_ELSEWHERE = f"{_READ_ONLY}, or name another store with '--store'"
#: What only reads needs no more than that.
_READING = frozenset({"read", "use", "copy"})
_BUSY = "close the other program that uses this database"
_NO_PLACE = "name another store with '--store'"
_OTHER = "check the disk"
_AGAIN, _RESUME = "try again", "resume the run"

_ERRNO_HELP = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _LIMITED,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _READ_ONLY,
}

# By primary result code, the low byte of SQLite's extended ones.
_SQLITE_HELP = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
    sqlite3.SQLITE_READONLY: _DENIED,
    sqlite3.SQLITE_CANTOPEN: _DENIED,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}


def from_os(doing: str, path: Path, error: OSError) -> StoreError:
    """The error for a system call that failed while `doing` ("read", "write") to `path`."""
    why = (error.strerror or str(error)).lower()
    if doing == "make" and error.errno in (errno.ENOENT, errno.ENOTDIR):
        # A file system such as /proc takes no folders, and says so in words for something else.
        is_there = path.parent.is_dir()
        why = f"'{path.parent}' {'takes no new entries' if is_there else 'is no folder'}"
        return _refused(doing, path, why, _NO_PLACE)
    return _refused(doing, path, why, _ERRNO_HELP.get(error.errno or 0, _OTHER))


def from_sqlite(doing: str, path: Path, error: BaseException | None) -> StoreError:
    """The error for a statement that failed while `doing` something to the database at `path`.

    `error` is None if all that is known is that the database stayed locked.
    """
    code = sqlite3.SQLITE_BUSY
    if isinstance(error, sqlite3.Error):
        # Errors that Python itself raises ("cannot operate on a closed database") have no code.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    why = "database is locked" if error is None else str(error)
    return _refused(doing, path, why, _SQLITE_HELP.get(code & 0xFF, _OTHER))


def _refused(doing: str, path: Path, why: str, advice: str) -> StoreError:
    # What could not be made has no run in it yet, and whoever reads has none to resume.
    then = _AGAIN if doing == "make" or doing in _READING else _RESUME
    if doing in _READING and advice == _DENIED:
        advice = "make it readable for you"
    elif doing == "make" and advice == _DENIED:
        advice = f"make '{path.parent}' writable for you"
    return StoreError(f"cannot {doing} '{path}': {why}", help=f"{advice}, then {then}")


def not_made(error: StoreError) -> StoreError:
    """The same for a run that is still being made: it cannot be resumed, and may go elsewhere."""
    error = nothing_done(error)
    if error.help is not None:
        error.help = error.help.replace(_READ_ONLY, _ELSEWHERE)
    return error


def nothing_done(error: StoreError) -> StoreError:
    """The same of a command that has left nothing in the run: it is called again."""
    if error.help is not None:
        error.help = error.help.removesuffix(_RESUME) + _AGAIN * error.help.endswith(_RESUME)
    return error


@contextmanager
def nothing_done_yet() -> Iterator[None]:
    """What fails in the block has left nothing in the run."""
    try:
        yield
    except StoreError as error:
        raise nothing_done(error) from error.__cause__


@contextmanager
def lying_there(what: str) -> Iterator[None]:
    """Say, in an error raised within the block, that `what` was left in the run's mailbox."""
    try:
        yield
    except StoreError as error:
        if type(error) is StoreError:
            error.message += f"; {what} lies with the run, and whoever resumes it takes that in"
        raise


@contextmanager
def told(doing: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` inside the block into a `StoreError`."""
    try:
        yield
    except OSError as error:
        raise from_os(doing, path, error) from error
