"""Writing a run: the one process that holds its lock appends through this.

Nothing is acknowledged before it is stored: `append` returns after the commit, and entries that
are given together are stored together or not at all. Each goes in by compare-and-set, so two
writers can never both own an entry, even if the lock is got round.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from agentflow.errors import LostRace, StoreError
from agentflow.eventlog import blobs
from agentflow.eventlog.chain import digest, link
from agentflow.eventlog.faults import from_os, from_sqlite
from agentflow.eventlog.head import Head, Rest, write_head
from agentflow.eventlog.lock import Lock
from agentflow.eventlog.mailbox import Mailbox
from agentflow.eventlog.reader import walk
from agentflow.eventlog.snapshot import DATABASE


class Writer:
    """The log of one run, to be written. `Store.create` and `Store.resume` make it.

    It takes over the lock and the open cache and is used from the thread that made it. `head` is
    the last entry, `sealed` what HEAD says. After an append has failed it takes no further ones,
    because what became of the entries is not known; resume the run to find out.
    """

    def __init__(self, path: Path, held: Lock, cache: Any, *, head: Head, sealed: Head) -> None:
        from diskcache import Timeout

        self.path = path
        self._lock = held
        self._cache = cache
        self._head = head
        self._sealed = sealed
        self._settled = True
        self._database = str(path / DATABASE)
        self._file = self._file_there()
        self._refusals = (Timeout, sqlite3.Error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        # What went wrong first is what is to be told.
        with suppress(StoreError) if error is not None else nullcontext():
            self.close()

    @property
    def mailbox(self) -> Mailbox:
        """The questions and answers of the run."""
        return Mailbox(self.path)

    @property
    def next_seq(self) -> int:
        """The number that the next entry gets; the first entry of a log is 0."""
        return self._head.seq + 1

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Store records in one transaction; they are durable when this returns.

        Raises `ValueError` for a record that is not plain data, with nothing stored. Raises
        `LostRace` if another writer was first, `StoreError` if the store refuses (full, read-only,
        locked, or an earlier append failed).
        """
        if not self._settled:
            raise StoreError(
                f"cannot append to '{self.path / DATABASE}': an earlier append failed",
                help="resume the run to find out what was stored",
            )
        seq, prev = self._head.seq, self._head.hash
        rows = []
        for record in records:
            seq += 1
            data = link(seq, prev, record)
            prev = digest(data)
            rows.append((seq, data, prev))
        if rows:
            self._settled = False
            self._check_place()
            self._store(rows)
            self._head = Head(seq, prev)
            self._settled = True

    def seal(self, *, ended: bool = False, rest: Rest | None = None) -> None:
        """Make HEAD say how far the log reaches: before a write is acted on, at a stop or wait.

        A run that has `ended` stays so, whatever comes later; `rest` is what holds from now on if
        nobody works on it. Raises `StoreError`.
        """
        head = replace(self._head, ended=ended or self._sealed.ended, rest=rest)
        if self._sealed != head:
            write_head(self.path, head)
            self._sealed = head

    def put_blob(self, data: bytes) -> str:
        """Store a large value beside the log, durably, and give the digest to name it by.

        Raises `StoreError`.
        """
        return blobs.put_blob(self.path, data)

    def records(self) -> Iterator[dict[str, Any]]:
        """The records stored so far, from the first; see `Reader.records`."""
        for _, record in walk(self.path, live=True):
            yield record

    def discard(self) -> None:
        """Take back a run that has no entry, since nothing of it could be begun."""
        assert self.next_seq == 0
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def close(self) -> None:
        """Seal the log unless an append failed, and free the lock. May be called again.

        Raises `StoreError` if the log cannot be sealed; the lock is free then, too.
        """
        try:
            if self._settled and self._sealed.seq != self._head.seq:
                self.seal()
        finally:
            self._settled = False
            self._cache.close()
            self._lock.release()

    def _check_place(self) -> None:
        """Raise if the database is not where it was: SQLite would write on, and say nothing."""
        if self._file_there() != self._file:
            raise StoreError(
                f"cannot append to '{self._database}': another file is in its place",
                help="put back what was there, then resume the run",
            )

    def _file_there(self) -> tuple[int, int]:
        """The device and inode of the database by its path, looked up for every entry."""
        try:
            found = os.stat(self._database)
        except OSError as error:
            raise from_os("append to", self.path / DATABASE, error) from error
        return found.st_dev, found.st_ino

    def _store(self, rows: Sequence[tuple[int, bytes, str]]) -> None:
        try:
            if len(rows) == 1:
                self._add(*rows[0])
            else:
                with self._cache.transact():
                    for row in rows:
                        self._add(*row)
        except self._refusals as error:
            # diskcache says `Timeout` whatever the reason; SQLite's own words are behind it.
            cause = error if isinstance(error, sqlite3.Error) else error.__context__
            raise from_sqlite("append to", self.path / DATABASE, cause) from error

    def _add(self, seq: int, data: bytes, hash_: str) -> None:
        if not self._cache.add(seq, data, tag=hash_, retry=False):
            raise LostRace(
                f"another process has written entry {seq} of run '{self.path.name}'",
                help="nothing further was done here; see who else runs it",
            )
