"""Large values as files of their own, named by their hash.

An entry holds the digest; the bytes are durable before the entry that names them is appended.
"""

import re
from pathlib import Path

from agentflow.errors import StoreError
from agentflow.eventlog.chain import damaged, digest
from agentflow.eventlog.faults import told
from agentflow.eventlog.private import check_folder, is_there, read_file, replace_file, sync_folder

NAME = "blobs"

_DIGEST = re.compile(r"[0-9a-f]{64}")


def put_blob(folder: Path, data: bytes) -> str:
    """Store bytes of the run in `folder` durably and give their digest. Raises `StoreError`."""
    blobs = folder / NAME
    check_folder(blobs)
    name = digest(data)
    path = blobs / name
    if path.is_file() and digest(read_file(path)) == name:
        # Whoever wrote it may have been killed before the name was durable.
        sync_folder(blobs)
    else:
        replace_file(path, data)
    return name


def sweep(folder: Path) -> None:
    """Remove what a writer that was killed has left half written. Raises `StoreError`."""
    blobs = folder / NAME
    check_folder(blobs)
    with told("clean", blobs):
        for path in blobs.glob("*.new"):
            path.unlink()


def check_blob(folder: Path, name: str, *, seq: int) -> None:
    """Raise `LogDamaged` if there are no bytes by this name, which entry `seq` asks for."""
    path = folder / NAME / name
    if not _DIGEST.fullmatch(name) or not is_there(path):
        raise damaged(folder.name, seq, f"'{path}' is missing")


def get_blob(folder: Path, name: str, *, seq: int = 0) -> bytes:
    """The bytes with the digest `name`, which entry `seq` asks for.

    Raises `LogDamaged` if they are missing or not what was stored.
    """
    if not _DIGEST.fullmatch(name):
        raise damaged(folder.name, seq, f"{name[:80]!r} is not the name of a blob")
    path = folder / NAME / name
    try:
        data = read_file(path)
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise damaged(folder.name, seq, f"'{path}' is missing") from error
        raise
    if digest(data) != name:
        raise damaged(folder.name, seq, f"'{path}' was changed")
    return data
