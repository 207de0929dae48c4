"""The terminal of this process, for the channel `console`: questions one after the other.

Questions are put and answers read in a thread of its own, which waits for a line and for news from
the run at the same time. What was typed before a question was shown is thrown away, so that nobody
says yes to what they have not seen. An answer goes into the run's mailbox like any other; whether
it counts comes back as news.
"""

import os
import select
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from agentflow.channels.protocol import Answering, Message, Response
from agentflow.cli.outlet import Outlet
from agentflow.cli.stores import user_name
from agentflow.errors import StoreError
from agentflow.formats import desk_text
from agentflow.formats.desk_text import Unclear, read_line

#: Bytes of a line that a terminal hands over; what is typed beyond them, it drops.
MOST = 4095
#: Seconds to wait for the terminal to take the last words.
_PATIENCE = 1.0


class Screen(Protocol):
    """What else is shown on the terminal."""

    def pause(self) -> None:
        """Show nothing for a while."""

    def go_on(self) -> None:
        """Show it again."""


def find_terminal(screen: Screen, *, aside: bool) -> "Desk | None":
    """The terminal, if this process may read from it and write to it; None otherwise.

    With `aside` standard output is for something else, and only standard error is written to.
    """
    source = sys.stdin
    if source is None or source.closed or not source.isatty():
        return None
    streams = (sys.stderr,) if aside else (sys.stdout, sys.stderr)
    outlet = next((Outlet(one) for one in streams if one is not None and one.isatty()), None)
    if outlet is None or _in_background(source.fileno()):
        return None
    return Desk(source.fileno(), outlet, screen)


def _in_background(source: int) -> bool:
    """Would this process be halted as soon as it reads?"""
    try:
        return os.tcgetpgrp(source) != os.getpgrp()
    except OSError:  # it is not the terminal that controls this process
        return False


class _Case(Struct, frozen=True):
    """A question on the desk, and the way back for what is said to it."""

    message: Message
    answering: Answering


class _Over(Exception):
    """The question need not be answered here any more; says why."""


class Desk:
    """A `channels.protocol.Terminal`. Its methods are called by the run, in the run's thread."""

    def __init__(self, source: int, outlet: Outlet, screen: Screen) -> None:
        self.name = f"the terminal {os.ttyname(source)}"
        self._source = source
        self._outlet = outlet
        self._screen = screen
        self._held: set[str] = set()
        self._news: deque[Callable[[], None]] = deque()
        self._woken, self._bell = os.pipe()
        self._thread: threading.Thread | None = None
        self._gone = False
        # Of the thread alone:
        self._cases: deque[_Case] = deque()
        self._notices: deque[Message] = deque()
        self._closed: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._over = False

    @property
    def busy(self) -> bool:
        """Is a question put here that is open, and that nobody has left for later?"""
        return bool(self._held)

    def ask(self, message: Message, answering: Answering) -> None:
        """Put a question when those before it are answered."""
        self._held.add(message.id)
        self._tell(lambda: self._cases.append(_Case(message, answering)))

    def tell(self, message: Message) -> None:
        """Show a notice."""
        self._tell(lambda: self._notices.append(message))

    def withdraw(self, question: str, how: str) -> None:
        """A question is open no longer."""
        self._held.discard(question)
        self._tell(lambda: self._closed.update({question: how}))

    def refuse(self, ticket: str, why: str) -> None:
        """What was said does not count."""
        self._tell(lambda: self._refused.update({ticket: why}))

    def close(self) -> None:
        """Put no more questions, and show nothing of what the run still hears while it ends."""
        if self._thread is not None:
            self._tell(self._stop)
            self._thread.join(_PATIENCE)
            if self._thread.is_alive():
                return  # the terminal is halted, and the thread ends with the process
        self._gone = True
        os.close(self._woken)
        os.close(self._bell)

    # --- the thread ------------------------------------------------------------------------

    def _tell(self, news: Callable[[], None]) -> None:
        """Have the thread do this; it is started with the first that it has to do."""
        if self._gone:
            return
        self._news.append(news)
        os.write(self._bell, b"!")
        if self._thread is None:
            # A daemon: a terminal that is halted must not keep a process that is told to end.
            self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
            self._thread.start()

    def _stop(self) -> None:
        self._over = True

    def _hear(self) -> None:
        """Take in what the run has told."""
        os.read(self._woken, 1)
        self._news.popleft()()

    def _work(self) -> None:
        while True:
            while not (self._cases or self._notices or self._over):
                self._hear()
            if self._over and not self._notices:
                return
            self._screen.pause()
            try:
                while self._notices:
                    self._write(desk_text.notice(self._notices.popleft().document))
                if self._cases and not self._over:
                    self._put(self._cases.popleft())
            finally:
                self._screen.go_on()

    def _put(self, case: _Case) -> None:
        """Put one question until it is answered, open no longer, or left for later."""
        question = case.message.id
        if question in self._closed:
            return
        self._write(desk_text.question(case.message.document))
        try:
            while True:
                said = self._said(case)
                if said is None:
                    self._held.discard(question)
                    self._write("left open\n")
                    return
                try:
                    ticket = case.answering(said)
                except StoreError as error:
                    self._write(desk_text.complaint(error.message))
                    continue
                self._write(desk_text.complaint(f"refused: {self._verdict(question, ticket)}"))
        except _Over as over:
            self._write(desk_text.ended(str(over)))

    def _verdict(self, question: str, ticket: str) -> str:
        """Why what was said does not count. If it does, the question is open no longer."""
        while ticket not in self._refused:
            self._still_open(question)
            self._hear()
        return self._refused.pop(ticket)

    def _said(self, case: _Case) -> Response | None:
        """What somebody says, asked for until it can be understood; None for nothing at all."""
        while True:
            line = self._line(case, desk_text.prompt(case.message.answers))
            if line is None:
                return None
            try:
                answer, rest = read_line(line, case.message.answers)
                value = None
                if answer == "replace":
                    if not rest:
                        more = self._line(case, desk_text.VALUE)
                        if more is None:
                            return None
                        rest = more
                    value, rest = desk_text.read_value(rest), ""
            except Unclear as unclear:
                self._write(desk_text.complaint(str(unclear)))
            else:
                return Response(answer, value, user_name(), rest or None, via="console")

    def _line(self, case: _Case, prompt: str) -> str | None:
        """A line that is typed after the prompt is shown; None if there will be none."""
        while True:
            termios.tcflush(self._source, termios.TCIFLUSH)
            self._write(prompt)
            data = b""
            while not data.endswith(b"\n"):
                self._still_open(case.message.id)
                ready, _, _ = select.select([self._source, self._woken], [], [])
                if self._woken in ready:
                    self._hear()
                    continue
                try:
                    more = os.read(self._source, MOST + 1)
                except OSError:  # the terminal is gone
                    more = b""
                if not more:
                    return None
                data += more
            if len(data) >= MOST:
                self._write(desk_text.complaint(desk_text.TOO_LONG))
                continue
            try:
                return data.decode().strip()
            except UnicodeDecodeError:
                self._write(desk_text.complaint("that is not UTF-8 text"))

    def _still_open(self, question: str) -> None:
        """Raise `_Over` if nothing that is said to the question can count any more."""
        if question in self._closed:
            raise _Over(self._closed[question])
        if self._over:
            raise _Over("the run goes no further here")

    def _write(self, text: str) -> None:
        self._outlet.write(text)
        self._outlet.flush()
