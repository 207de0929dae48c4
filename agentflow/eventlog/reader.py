"""Reading a run: `show`, `trace`, `replay` and resume see the log through this.

A reader never writes and never locks. It works while another process writes, on a read-only copy,
and on what a killed writer left behind.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from msgspec import Struct

from agentflow.errors import LogDamaged
from agentflow.eventlog import blobs, lock
from agentflow.eventlog.chain import GENESIS, damaged, digest, unlink
from agentflow.eventlog.head import START, Head, read_head
from agentflow.eventlog.private import check_folder
from agentflow.eventlog.snapshot import PAGE, Row, Snapshot


class Verified(Struct, frozen=True):
    """A log that is whole: how many entries it has, and the hash of the last (64 zeros if none)."""

    count: int
    last_hash: str


class Reader:
    """The log of one run, to be read. Raises `StoreError` if `path` is not a folder of our own."""

    def __init__(self, path: Path) -> None:
        check_folder(path)
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held between two reads, so there is nothing to give back."""

    @property
    def live(self) -> bool:
        """Is a writer at work?"""
        return lock.is_held(self.path)

    @property
    def holder(self) -> str | None:
        """The writer at work, in words for people; None if there is none."""
        return lock.holder(self.path)

    def records(self, start: int = 0) -> Iterator[dict[str, Any]]:
        """The records from entry `start` on, each with its `seq`, as far as they are stored now.

        To follow a run, ask again from the next number. Every entry is checked against its own
        hash, its predecessor and HEAD; `LogDamaged` comes at the first that cannot be trusted, or
        at the end if entries are missing. An entry replaced together with its hash is noticed only
        at its successor: where that matters, `verify` first. Raises `LogTooNew`, `StoreError`.
        """
        for _, record in walk(self.path, start):
            yield record

    def intact(self) -> tuple[list[dict[str, Any]], LogDamaged | None]:
        """The records before the first that cannot be trusted, and what is wrong with that one.

        Without HEAD nobody knows how far the log went; its records are read all the same. Raises
        `LogTooNew` and `StoreError`.
        """
        found: list[dict[str, Any]] = []
        damage: LogDamaged | None = None
        try:
            head = read_head(self.path)
        except LogDamaged as error:
            head, damage = START, error
        try:
            for _, record in walk(self.path, head=head):
                found.append(record)
        except LogDamaged as error:
            # The entry before may be the one that was changed; only now is that known.
            del found[error.seq :]
            return found, error
        if damage is not None:
            said = f"{damage.message}; how far the log went is not known"
            damage = LogDamaged(said, seq=len(found), help=damage.help)
        return found, damage

    def verify(self) -> Verified:
        """Check the whole log. Raises `LogDamaged`, `LogTooNew`, `StoreError`."""
        return verify(self.path)

    def check_blob(self, name: str, seq: int) -> None:
        """Raise `LogDamaged` if the bytes with the digest `name`, which entry `seq` asks for, are
        missing. They are not read."""
        blobs.check_blob(self.path, name, seq=seq)

    def get_blob(self, name: str, *, seq: int = 0) -> bytes:
        """The bytes with the digest `name`, which entry `seq` asks for.

        Raises `LogDamaged` if they are missing or not what was stored.
        """
        return blobs.get_blob(self.path, name, seq=seq)


def verify(folder: Path, *, live: bool | None = None) -> Verified:
    """Check the whole log of the run in `folder`; see `walk`."""
    count, last = 0, GENESIS
    for hash_, _ in walk(folder, live=live):
        count, last = count + 1, hash_
    return Verified(count, last)


def walk(
    folder: Path, start: int = 0, *, live: bool | None = None, head: Head | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The hashes and records of a run from entry `start` on, each checked.

    `live` says whether a writer, perhaps the caller, holds the lock; None finds out for each page.
    `head` is what HEAD says, if it is not to be read. Raises `LogDamaged`, `LogTooNew` and
    `StoreError`, see `Reader.records`.
    """
    run = folder.name
    # Before the rows: entries are stored first, HEAD follows.
    head = read_head(folder) if head is None else head
    # The entry before `start` is read too, for its hash.
    seq = max(start - 1, 0)
    prev = GENESIS if seq == 0 else None
    with Snapshot(folder) as snapshot:
        size = PAGE
        while size == PAGE:
            page = snapshot.page(seq, live=lock.is_held(folder) if live is None else live)
            size = len(page)
            for row in page:
                if row is None:
                    size = PAGE
                    break
                data = _stored_bytes(run, seq, row)
                record = unlink(run, seq, prev, data)
                prev = digest(data)
                if seq == head.seq and prev != head.hash:
                    raise damaged(run, seq, f"entry {seq} is not the one that HEAD names")
                seq += 1
                if seq > start:
                    yield prev, record
    if seq <= head.seq:
        raise _missing(run, seq, head)


def _stored_bytes(run: str, seq: int, row: Row) -> bytes:
    """The bytes of entry `seq`, if `row` is that entry and nothing else."""
    if type(row.key) is not int:
        raise damaged(run, seq, f"a row with the key {str(row.key)[:80]!r} was put in")
    if row.key != seq:
        raise damaged(run, seq, f"{_entries(seq, row.key - 1)} missing")
    if type(row.value) is not bytes or (row.raw, row.mode, row.filename) != (1, 1, None):
        raise damaged(run, seq, f"entry {seq} is not stored as plain bytes")
    if digest(row.value) != row.tag:
        raise damaged(run, seq, f"the bytes of entry {seq} were changed")
    return row.value


def _missing(run: str, seq: int, head: Head) -> LogDamaged:
    return damaged(
        run, seq, f"{_entries(seq, head.seq)} missing, the log ends before what HEAD says"
    )


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
