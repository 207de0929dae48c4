"""The chain of entries: each stored entry names the hash of the one before.

An entry is stored as canonical JSON of `{"format": 1, "seq": n, "prev": hash, **record}`, where
`prev` is the SHA-256 (hex) of the stored bytes of entry n - 1, and 64 zeros for entry 0. So no
entry can be changed, lost, swapped or put in without breaking the link behind it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from agentflow.errors import LogDamaged, LogTooNew
from agentflow.eventlog import canonical
from agentflow.eventlog.upcast import FORMAT, upcast

#: The hash "before" entry 0.
GENESIS = "0" * 64

_AFTER_DAMAGE = "put the run's folder back from a copy; a new run does again what this one has done"


def digest(data: bytes) -> str:
    """The hash of an entry's stored bytes: SHA-256 in hex, 64 characters."""
    return sha256(data).hexdigest()


def link(seq: int, prev: str, record: Mapping[str, Any]) -> bytes:
    """The stored bytes of entry `seq` that follows the entry with the hash `prev`.

    A record may carry its own `seq` if it is the right one. Raises `ValueError` if it does not,
    if it uses the names `format` or `prev`, or if it is not plain data.
    """
    if record.get("seq", seq) != seq:
        raise ValueError(f"record says it is entry {record['seq']}, expected {seq}")
    if "format" in record or "prev" in record:
        raise ValueError("'format' and 'prev' belong to the log, a record cannot have them")
    return canonical.encode({**record, "format": FORMAT, "seq": seq, "prev": prev})


def unlink(run: str, seq: int, prev: str | None, data: bytes) -> dict[str, Any]:
    """The record in the stored bytes of entry `seq`, in the present format, with its `seq`.

    `prev` is the hash of the entry before it, None if that is not to be compared. Raises
    `LogDamaged` if the bytes are not that entry, `LogTooNew` if its format is a newer one.
    """
    try:
        entry = canonical.decode(data)
    except ValueError as error:
        raise damaged(run, seq, f"entry {seq} is not JSON ({error})") from error
    if not isinstance(entry, dict):
        raise damaged(run, seq, f"entry {seq} is not an object")
    written_as = check_format(run, seq, entry.pop("format", None))
    if entry.get("seq") != seq:
        raise damaged(run, seq, f"entry {entry.get('seq')!r} stands in the place of entry {seq}")
    named = entry.pop("prev", None)
    if prev is not None and named != prev:
        first = max(seq - 1, 0)
        raise damaged(run, first, f"entry {seq} does not continue the entry before it")
    return upcast(entry, written_as)


def check_format(run: str, seq: int, found: object) -> int:
    """A format number that this version can read. Raises `LogTooNew` or `LogDamaged`."""
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise damaged(run, seq, f"format {found!r} is not a number from 1")
    if found > FORMAT:
        raise LogTooNew(
            f"run '{run}' was written by a newer agentflow: "
            f"its log has format {found}, this version reads up to {FORMAT}",
            help="upgrade agentflow; the log was left untouched",
        )
    return found


def damaged(run: str, seq: int, what: str) -> LogDamaged:
    """The error for a log that cannot be trusted from entry `seq` on; `what` says why."""
    return LogDamaged(f"the log of run '{run}' is damaged: {what}", seq=seq, help=_AFTER_DAMAGE)
