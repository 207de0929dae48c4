"""A terminal on which a program runs: a real pseudo-terminal with an emulator behind it."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte

from tests.processes import WATCHDOG

ROOT = Path(__file__).parent.parent.parent


class Terminal:
    """A program on a terminal of so many columns and rows. What it writes is read as it comes."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int,
        rows: int,
        folder: str | Path = ROOT,
        **env: str,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=1_000)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**inherited, "TERM": "xterm-256color", "PYTHONUTF8": "1", **env},
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.process.wait()
        self.hang_up()

    def read_until(self, seen: Callable[[], bool]) -> None:
        """Read until a condition holds.

        Raises:
            EOFError: the program ended before.
            TimeoutError: it writes nothing more, and does not end.
        """
        while not seen():
            if not select.select([self._master], [], [], WATCHDOG)[0]:
                raise TimeoutError(self.text())
            try:
                data = os.read(self._master, 65_536)
            except OSError as error:  # how Linux says that the other end is closed
                raise EOFError from error
            self.raw += data
            self._stream.feed(data)

    def read_to_end(self) -> str:
        """Read until the program ends; gives its standard error."""
        with contextlib.suppress(EOFError):
            self.read_until(lambda: False)
        return self.errors()

    def errors(self) -> str:
        """What the program says on standard error until it ends."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def type(self, text: str) -> None:
        """Somebody types."""
        os.write(self._master, text.encode())

    def hang_up(self) -> None:
        """The terminal is gone."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def text(self) -> str:
        """What has scrolled away and what is on the screen, without blank lines at the end."""
        columns = range(self.screen.columns)
        gone = ["".join(line[x].data for x in columns) for line in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*gone, *self.screen.display]).rstrip()
