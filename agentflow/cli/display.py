"""What `run` shows while a run goes on.

A display is told each entry after the trace has taken it in. Nothing it does may hurt the run: it
writes to an `Outlet`, which never fails, and what it draws it draws in a thread of its own, so
that a terminal that is stopped (Ctrl-S) stops nothing else.
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from agentflow.cli.outlet import Outlet, standard_output
from agentflow.cli.tracing import console_on, print_lines, styled_text
from agentflow.contracts.describe import listed
from agentflow.core.events import AttemptFailed, AttemptSucceeded, Entry, RunInterrupted
from agentflow.engines.clock import WallClock
from agentflow.formats import trace_text
from agentflow.formats.event_text import event_lines
from agentflow.formats.styled import ASCII, UNICODE, Line, Piece, Style, crop
from agentflow.spec.wording import quoted
from agentflow.trace import Trace

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

Now = Callable[[], float]

#: Seconds between frames, and at least so many times what drawing one took: with thousands of
#: items, looking at a run must not slow it down.
_PAUSE = 0.125
_SHARE = 20
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
#: A tree that is taller than the terminal is drawn with fewer and fewer items first.
_FOLDS = (trace_text.FOLD, 3, 0)


class Display(Protocol):
    """Shows a run from `start` to `stop`."""

    def start(self, servers: Sequence[str]) -> None:
        """Begin; these servers have to get ready before the first entry comes."""

    def entry(self, entry: Entry) -> None:
        """The trace has taken in this entry."""

    def pause(self) -> None:
        """Show nothing for a while, to make room for something else. Any thread may call this."""

    def go_on(self) -> None:
        """Show the run again, and what became of it meanwhile."""

    def stop(self) -> None:
        """The run goes no further."""

    def look_on(self, step: str, text: str) -> None:
        """The agent of a step is answering; `text` is the end of what it has said so far."""


def shows_live(*, quiet: bool, json: bool, outlet: Outlet | None = None) -> bool:
    """Is there a terminal on which a run can be watched?"""
    outlet = outlet or standard_output()
    if quiet or json or outlet is None:
        return False
    return outlet.isatty() and not console_on(outlet).is_dumb_terminal


def choose_display(
    trace: Trace,
    *,
    quiet: bool = False,
    json: bool = False,
    outlet: Outlet | None = None,
    now: Now | None = None,
) -> Display:
    """The display for a run: a live tree on a terminal, lines elsewhere, nothing if so asked.

    With `json` there is one document at the end, which is not the display's.
    """
    outlet = outlet or standard_output()
    if quiet or json or outlet is None:
        return QuietDisplay()
    if shows_live(quiet=quiet, json=json, outlet=outlet):
        return LiveDisplay(trace, outlet, now or WallClock().now)
    return PlainDisplay(trace, outlet)


class QuietDisplay:
    """Nothing at all."""

    def start(self, servers: Sequence[str]) -> None:
        """Show nothing."""

    def entry(self, entry: Entry) -> None:
        """Show nothing."""

    def pause(self) -> None:
        """Nothing is shown anyway."""

    def go_on(self) -> None:
        """Show nothing."""

    def stop(self) -> None:
        """Show nothing."""

    def look_on(self, step: str, text: str) -> None:
        """Show nothing."""


class PlainDisplay:
    """A line for each event worth one, as it happens."""

    def __init__(self, trace: Trace, outlet: Outlet) -> None:
        self._trace = trace
        self._outlet = outlet
        self._lock = threading.Lock()
        self._paused = False
        self._untold: list[str] = []

    def start(self, servers: Sequence[str]) -> None:
        """Tell what is waited for."""
        if servers:
            self._untold.append(_waiting(servers))
            self._tell()

    def entry(self, entry: Entry) -> None:
        """Tell it."""
        with self._lock:
            self._untold += event_lines(entry, self._trace)
            if not self._paused:
                self._tell()

    def pause(self) -> None:
        """Tell it later."""
        with self._lock:
            self._paused = True

    def go_on(self) -> None:
        """Tell what was kept back."""
        with self._lock:
            self._paused = False
            self._tell()

    def stop(self) -> None:
        """Everything has been told."""
        self.go_on()

    def _tell(self) -> None:
        if self._untold:
            self._outlet.write("\n".join(self._untold) + "\n")
            self._outlet.flush()
            self._untold = []

    def look_on(self, step: str, text: str) -> None:
        """A line that is still being written is no line."""


class LiveDisplay:
    """The tree, drawn again and again in place, and once in full at the end."""

    def __init__(self, trace: Trace, outlet: Outlet, now: Now) -> None:
        self._trace = trace
        self._outlet = outlet
        self._now = now
        self._console = console_on(outlet)
        self._spinner = itertools.cycle(_SPINNER if outlet.unicode else "")
        self._live = self._frames()
        self._said: dict[str, str] = {}
        self._waiting: tuple[str, ...] = ()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._paused = False
        self._thread = threading.Thread(target=self._draw, name="display", daemon=True)

    def start(self, servers: Sequence[str]) -> None:
        """Begin to draw."""
        self._waiting = (_waiting(servers),) if servers else ()
        self._live.start()
        self._thread.start()

    def entry(self, entry: Entry) -> None:
        """The next frame shows what the trace has become."""
        if isinstance(entry.fact, RunInterrupted):
            # The next signal ends the process at once, and must not leave it without a cursor.
            self._console.show_cursor(True)
        if isinstance(entry.fact, AttemptSucceeded | AttemptFailed):
            self._said.pop(entry.fact.step, None)

    def look_on(self, step: str, text: str) -> None:
        """The next frame shows it below the step."""
        self._said[step] = text

    def pause(self) -> None:
        """Take the frame away."""
        with self._lock:
            self._paused = True
            self._live.stop()

    def go_on(self) -> None:
        """Draw again."""
        with self._lock:
            if self._paused and not self._stopped.is_set():
                # The one before knows how many lines it would have to take away.
                self._live = self._frames()
                self._live.start()
            self._paused = False

    def stop(self) -> None:
        """Put the whole tree in the place of the frames."""
        self._stopped.set()
        self._thread.join()
        self._live.stop()
        if self._trace.status is not None:
            print_lines(self._console, self._lines(trace_text.FOLD), self._outlet)

    def _frames(self) -> "Live":
        from rich.live import Live

        # They are erased at the end, since they may have been cropped. What a library prints
        # meanwhile appears above them.
        return Live(console=self._console, auto_refresh=False, transient=True)

    def _draw(self) -> None:
        pause = _PAUSE
        while not self._stopped.wait(pause):
            began = time.perf_counter()
            with self._lock:
                if not self._paused:
                    self._live.update(self._frame(), refresh=True)
            pause = max(_PAUSE, _SHARE * (time.perf_counter() - began))

    def _frame(self) -> "Group":
        from rich.console import Group

        if self._trace.status is None:
            return Group(*self._waiting)
        room = max(3, self._console.height - 1)
        for fold in _FOLDS:
            lines = self._lines(fold)
            if len(lines) <= room:
                break
        symbols = UNICODE if self._outlet.unicode else ASCII
        turned = next(self._spinner, None)
        shown = (_turn(line, turned) for line in crop(lines, room, symbols.more))
        return Group(*(styled_text(line, self._outlet) for line in shown))

    def _lines(self, fold: int) -> list[Line]:
        return trace_text.lines(
            self._trace,
            now=self._now(),
            width=self._console.width - 1,
            fold=fold,
            unicode=self._outlet.unicode,
            said=self._said,
        )


def _waiting(servers: Sequence[str]) -> str:
    what = "server" if len(servers) == 1 else "servers"
    return f"waiting for {what} {listed(map(quoted, servers), 'and')} to get ready"


def _turn(line: Line, spinner: str | None) -> Line:
    """The line with its running symbol as the spinner stands."""
    if spinner is None:
        return line
    return tuple(
        Piece(spinner, piece.style) if piece.style is Style.SPIN else piece for piece in line
    )
