"""The store: a folder with one folder a run.

    .agentflow/runs/<run-id>/
        cache.db   the entries, in diskcache's database (and cache.db-wal, cache.db-shm beside it)
        HEAD       how far the log is known to reach
        lock       held by the run's writer
        blobs/     large values, by their hash
        questions/, answers/, cancel.json   what waits for people, and what they said (`mailbox`)

A run is made under a name of its own, `.new-<run-id>`, and renamed when it is complete, so there
is never half a run: whoever is killed while making one leaves nothing that is called a run. What
such a process has left is removed when the next run is made.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from agentflow.errors import StoreError, UnknownRun
from agentflow.eventlog import blobs, lock, names
from agentflow.eventlog.faults import not_made, told
from agentflow.eventlog.head import START, Head, read_head, write_head
from agentflow.eventlog.mailbox import Mailbox
from agentflow.eventlog.private import check_folder, make_folder, sync_folder
from agentflow.eventlog.reader import Reader, verify
from agentflow.eventlog.writer import Writer

#: What a stored entry survives: every crash of the process, or a loss of power as well.
Durability: TypeAlias = Literal["process", "power"]
_NEW = ".new-"
#: Seconds after which a run that is still being made, by nobody who holds its lock, is none any
#: more.
_DEAD = 600.0

#: Says where else there is a run of a name; None if nobody knows.
Elsewhere: TypeAlias = Callable[[str], str | None]


def _nowhere(_text: str) -> None:
    return None


class Store:
    """All runs below one folder, by convention `.agentflow` beside the project.

    Nothing is made before `create`. Folders and files that are links or belong to another user
    are refused with `StoreError` by every method. `elsewhere` is asked for a run that is not there.
    """

    def __init__(
        self,
        root: Path,
        durability: Durability = "process",
        elsewhere: Elsewhere = _nowhere,
    ) -> None:
        self.root = Path(os.path.abspath(root))
        self._elsewhere = elsewhere
        self._runs = self.root / "runs"
        self._durability = durability

    def create(self, run_id: str) -> Writer:
        """Make a run and give its writer.

        Raises `UsageError` if `run_id` cannot be a name, `StoreError` if that run exists already
        or the store cannot be written, with nothing left behind.
        """
        try:
            return self._create(run_id)
        except StoreError as error:
            raise not_made(error) from error.__cause__

    def _create(self, run_id: str) -> Writer:
        names.check_run_id(run_id)
        self._refuse_existing(run_id)
        make_folder(self.root)
        make_folder(self._runs)
        self._sweep()
        place = self._runs / f"{_NEW}{run_id}"
        make_folder(place)
        held = lock.acquire(place, run_id)
        try:
            self._refuse_existing(run_id)  # again, now that nobody else can be making it
            _fill(place)
            with told("make", self._runs / run_id):
                place = place.rename(self._runs / run_id)
            sync_folder(self._runs)
            return _open(place, held, self._durability, head=START, sealed=START)
        except BaseException:
            _give_up(place, held)
            raise

    def unmade(self) -> list[Path]:
        """The folders of runs that were being made when their process was killed."""
        found = []
        for place in self._runs.glob(f"{_NEW}*"):
            with suppress(OSError, StoreError):
                old = time.time() - place.lstat().st_mtime > _DEAD
                if old and not lock.is_held(place):
                    found.append(place)
        return sorted(found)

    def _sweep(self) -> None:
        for place in self.unmade():
            shutil.rmtree(place, ignore_errors=True)

    def resume(self, run_id: str) -> Writer:
        """Give the writer of a run that exists; `run_id` may be its unique beginning.

        The whole log is checked first. Raises `UnknownRun`, `RunLocked` (within a second),
        `LogDamaged`, `LogTooNew`, `StoreError`; it never makes a run and never starts one over.
        """
        path = self._path(run_id)
        sealed = read_head(path)  # a log of a newer format is not even locked
        held = lock.acquire(path, path.name)
        try:
            whole = verify(path, live=True)
            blobs.sweep(path)
            head = Head(whole.count - 1, whole.last_hash)
            return _open(path, held, self._durability, head=head, sealed=sealed)
        except BaseException:
            held.release()
            raise

    def read(self, run_id: str) -> Reader:
        """Give a reader of a run; `run_id` may be its unique beginning. Raises `UnknownRun`."""
        return Reader(self._path(run_id))

    def mailbox(self, run_id: str) -> Mailbox:
        """The questions and answers of a run. Raises `UnknownRun`."""
        return Mailbox(self._path(run_id))

    def ended(self, run_id: str) -> bool:
        """Does HEAD say that a run is through? False if HEAD cannot be read."""
        try:
            return read_head(self._runs / run_id).ended
        except StoreError:
            return False

    def due(self, run_id: str, now: float) -> bool | None:
        """Is something due in a run that nobody works on, by HEAD and what lies in its mailbox?

        None if only its log can tell: a process works on it or has died, or HEAD cannot be read.
        """
        path = self._runs / run_id
        try:
            head = read_head(path)
            if head.ended:
                return False
            if head.rest is None:
                return None
            if head.rest.due is not None and head.rest.due <= now:
                return True
            return not Mailbox(path).empty
        except StoreError:
            return None

    def left(self, run_id: str) -> str | None:
        """The status of a run that is for a person to resume; None if HEAD does not say so."""
        try:
            head = read_head(self._runs / run_id)
        except StoreError:
            return None
        return head.rest.left if head.rest is not None and not head.ended else None

    def find(self, text: str) -> str:
        """The id of the run that `text` names, whole or by a beginning that only it has.

        Raises `UnknownRun`, which says what was probably meant, and where else it may be.
        """
        if names.is_run_id(text) and os.path.isdir(self._runs / text):
            self._check_folders()
            return text  # without a look at all the others
        runs = self.runs()
        try:
            return names.resolve(text, runs, str(self.root))
        except UnknownRun as error:
            if not any(run.startswith(text) for run in runs):
                error.help = self._elsewhere(text) or error.help
            raise

    def runs(self) -> list[str]:
        """The ids of all runs, the last in the order of names first."""
        if not self._check_folders():
            return []
        with told("read", self._runs), os.scandir(self._runs) as found:
            return sorted(
                (
                    entry.name
                    for entry in found
                    if names.is_run_id(entry.name) and not entry.is_file(follow_symlinks=False)
                ),
                reverse=True,
            )

    def _check_folders(self) -> bool:
        """Are the folders of the store there? Raises `StoreError` if one is not to be trusted."""
        for folder in (self.root, self._runs):
            if not os.path.lexists(folder):
                return False
            check_folder(folder)
        return True

    def _path(self, text: str) -> Path:
        path = self._runs / self.find(text)
        check_folder(path)
        return path

    def _refuse_existing(self, run_id: str) -> None:
        if os.path.lexists(self._runs / run_id):
            raise StoreError(f"run '{run_id}' exists already in '{self.root}'")


def _give_up(place: Path, held: lock.Lock) -> None:
    """Nothing of a run stays that could not be made."""
    shutil.rmtree(place, ignore_errors=True)
    held.release()


def _fill(place: Path) -> None:
    """Put an empty log into a folder that is locked, over whatever a killed process left there."""
    from agentflow.eventlog.disk import make_database

    with told("clean", place):
        for child in place.iterdir():
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            elif child.name != lock.NAME:
                child.unlink()
    make_folder(place / blobs.NAME)
    make_database(place)
    write_head(place, START)


def _open(
    path: Path, held: lock.Lock, durability: Durability, *, head: Head, sealed: Head
) -> Writer:
    from agentflow.eventlog.disk import check_settings, open_cache

    held.sign()
    check_settings(path)
    cache = open_cache(path, power=durability == "power")
    return Writer(path, held, cache, head=head, sealed=sealed)
