"""The files through which a run and people reach each other.

    runs/<run-id>/questions/<question>.json   what waits for an answer
    runs/<run-id>/notices/<message>.json      what was told, with no answer expected
    runs/<run-id>/answers/<ticket>.json       an answer that nobody has judged yet
    runs/<run-id>/cancel.json                 a request to end the run, not yet in the log

Whoever may write into the store may answer: a command, a program, a person with an editor. A file
counts once it has its name; write it under another one that does not end in `.json` and rename it.
An answer is removed only after it is in the log, so none is lost, and each is known by its ticket,
so none is taken in twice.
"""

import os
import re
import secrets
import time
from collections.abc import Container
from pathlib import Path

from msgspec import Struct

from agentflow.errors import StoreError
from agentflow.eventlog.faults import told
from agentflow.eventlog.private import check_folder, is_there, make_folder, read_file, replace_file

#: Bytes of one answer; a longer one is not read.
MAX_BYTES = 8 * 1024 * 1024

_QUESTIONS, _NOTICES, _ANSWERS, _SUFFIX = "questions", "notices", "answers", ".json"
_CANCEL = "cancel.json"
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Letter(Struct, frozen=True):
    """An answer as it lies there: `data`, or the `problem` why it cannot be read.

    `given` is when it was written, in seconds since 1970.
    """

    ticket: str
    given: float
    data: bytes
    problem: str | None = None


class Mailbox:
    """The questions and answers of one run. All methods raise `StoreError`."""

    def __init__(self, run: Path) -> None:
        self._cancel = run / _CANCEL
        self._questions = run / _QUESTIONS
        self._notices = run / _NOTICES
        self._answers = run / _ANSWERS

    def post(self, message: str, data: bytes, *, answerable: bool) -> Path:
        """Put a message where people and programs find it; the same one again replaces it."""
        folder = self._questions if answerable else self._notices
        make_folder(folder)
        path = folder / f"{message}{_SUFFIX}"
        replace_file(path, data)
        return path

    def posted(self) -> list[str]:
        """The questions that lie there."""
        return sorted(path.stem for path in _files(self._questions))

    def withdraw(self, question: str) -> None:
        """Take a question away; it need not be there."""
        path = self._questions / f"{question}{_SUFFIX}"
        with told("remove", path):
            path.unlink(missing_ok=True)

    def tidy(self, closed: Container[str]) -> None:
        """Take away the questions that are open no longer."""
        for question in self.posted():
            if question in closed:
                self.withdraw(question)

    def drop(self, data: bytes, ticket: str | None = None) -> str:
        """Put an answer in, durably; gives its ticket, a new one if none is given."""
        make_folder(self._answers)
        if ticket is None:
            # They sort by time, and no two are the same.
            ticket = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        replace_file(self._answers / f"{ticket}{_SUFFIX}", data, shared=True)
        return ticket

    def holds(self, ticket: str) -> bool:
        """Does the answer of this ticket lie there?"""
        return any(path.stem == ticket for path in _files(self._answers))

    @property
    def empty(self) -> bool:
        """Is there nothing that whoever works on the run next has to take in?"""
        return not _files(self._answers) and not os.path.lexists(self._cancel)

    def letters(self) -> list[Letter]:
        """The answers that are not taken in yet, the oldest first."""
        found = [_letter(path) for path in _files(self._answers)]
        return sorted(
            (letter for letter in found if letter is not None),
            key=lambda letter: (letter.given, letter.ticket),
        )

    def remove(self, ticket: str) -> None:
        """The answer is in the log."""
        path = self._answers / f"{ticket}{_SUFFIX}"
        with told("remove", path):
            path.unlink(missing_ok=True)

    def ask_to_cancel(self, data: bytes) -> None:
        """Put the request to end the run there, durably; `data` are remarks on it."""
        replace_file(self._cancel, data, shared=True)

    def cancellation(self) -> Letter | None:
        """The request to end the run, with remarks in its data; None if there is none."""
        return _letter(self._cancel)

    def forget_cancellation(self) -> None:
        """The request is in the log, or means nothing any more."""
        with told("remove", self._cancel):
            self._cancel.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    """The files with a name that counts; none if the folder is not there."""
    if not is_there(folder):
        return []
    check_folder(folder)
    with told("read", folder):
        return [
            path
            for path in folder.iterdir()
            if path.suffix == _SUFFIX and _TICKET.fullmatch(path.stem)
        ]


def _letter(path: Path) -> Letter | None:
    """What a file holds; None if it has just been taken in by another process."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    try:
        if found.st_size > MAX_BYTES:
            return Letter(path.stem, found.st_mtime, b"", "it has more than 8 MiB")
        return Letter(path.stem, found.st_mtime, read_file(path))
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        return Letter(path.stem, found.st_mtime, b"", error.message)
