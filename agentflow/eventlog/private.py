"""Files and folders that belong to us alone.

Folders are 0700 and files 0600 whatever the umask; what is a symbolic link, not a regular file or
owned by somebody else is refused (security.md, "modes of files"). All functions raise `StoreError`.
"""

import os
import secrets
import stat
from pathlib import Path

from agentflow.errors import StoreError
from agentflow.eventlog.faults import told

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600

# Not to wait for ever for the other end of a pipe that stands in the place of a file.
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def is_there(path: Path) -> bool:
    """Is there something of this name? It may be a link to nothing."""
    with told("use", path):
        try:
            path.lstat()
        except FileNotFoundError:
            return False
    return True


def check_folder(path: Path) -> None:
    """Refuse a folder that is missing, a link or somebody else's."""
    with told("use", path):
        found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise StoreError(f"'{path}' is not a folder{_link(found)}")
    _check_owner(path, found)


def check_file(path: Path) -> None:
    """Refuse a file that is missing, a link, not a regular file or somebody else's."""
    with told("use", path):
        found = path.lstat()
    _check_regular(path, found)


def make_folder(path: Path) -> None:
    """Make a folder, or check the one that is there already."""
    with told("make", path):
        try:
            path.mkdir(_FOLDER_MODE)
            path.chmod(_FOLDER_MODE)  # the umask may have taken bits away
        except FileExistsError:
            pass
    check_folder(path)


def open_file(path: Path, flags: int) -> int:
    """Open a regular file of our own and give its descriptor; with `O_CREAT` it is made if missing.

    The descriptor is not inherited by programs that are started.
    """
    with told("open" if flags & (os.O_WRONLY | os.O_RDWR) else "read", path):
        descriptor = os.open(path, flags | _FLAGS, _FILE_MODE)
    try:
        _check_regular(path, os.fstat(descriptor))
        if flags & os.O_CREAT:
            os.fchmod(descriptor, _FILE_MODE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_file(path: Path) -> bytes:
    """All bytes of a file."""
    descriptor = open_file(path, os.O_RDONLY)
    with told("read", path), open(descriptor, "rb") as file:
        return file.read()


def replace_file(path: Path, data: bytes, *, shared: bool = False) -> None:
    """Put `data` into a file durably: afterwards either the old or the new bytes are there, whole.

    The name of the temporary file is fixed, so one that a kill left behind is used up again. If
    several processes may write a `shared` file at the same moment, each has one of its own.
    """
    mine = f".{secrets.token_hex(4)}" if shared else ""
    fresh = path.with_name(f"{path.name}{mine}.new")
    descriptor = open_file(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        with told("write", path):
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names inside a folder durable."""
    with told("write", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"'{path}' is not a regular file{_link(found)}")
    _check_owner(path, found)


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise StoreError(
            f"'{path}' belongs to user {found.st_uid}, not to you (user {os.geteuid()})"
        )


def _link(found: os.stat_result) -> str:
    return " but a symbolic link" if stat.S_ISLNK(found.st_mode) else ""
