"""Traces in colour: from lines of styled pieces to what a terminal shows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO, cast

from agentflow.cli.outlet import Outlet
from agentflow.cli.report import wants_color
from agentflow.formats import trace_text
from agentflow.formats.styled import Line, Piece, Style
from agentflow.trace import Trace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_LOOK = {
    Style.PLAIN: "",
    Style.NAME: "bold",
    Style.DIM: "dim",
    Style.OK: "green",
    Style.FAIL: "bold red",
    Style.SKIP: "blue",
    Style.RUN: "cyan",
    Style.SPIN: "cyan",
    Style.WAIT: "yellow",
    Style.WARN: "yellow",
    Style.LOUD: "bold black on yellow",
}


def print_trace(trace: Trace, stream: TextIO, *, now: float | None = None) -> None:
    """Print a trace as it stands `now`, by default as it stood at its last entry.

    In colour on a terminal, else as plain text.
    """
    outlet = Outlet(stream)
    now = trace.now if now is None else now
    if not wants_color(stream):
        outlet.write(trace_text.render(trace, now=now, unicode=outlet.unicode) + "\n")
        outlet.flush()
        return
    console = console_on(outlet)
    lines = trace_text.lines(trace, now=now, width=console.width - 1, unicode=outlet.unicode)
    print_lines(console, lines, outlet)


def print_lines(console: "Console", lines: Iterable[Line], outlet: Outlet) -> None:
    """Print lines in full: those that are too long are for the terminal to wrap."""
    for line in lines:
        console.print(styled_text(line, outlet), soft_wrap=True)


def console_on(outlet: Outlet) -> "Console":
    """A console that takes all text for just text."""
    from rich.console import Console

    return Console(
        file=cast("TextIO", outlet), markup=False, emoji=False, highlight=False, soft_wrap=False
    )


def styled_text(line: Iterable[Piece], outlet: Outlet) -> "Text":
    """A line as rich has it."""
    from rich.text import Text

    # Without Unicode there is no ellipsis either.
    text = Text(no_wrap=True, overflow="ellipsis" if outlet.unicode else "crop", end="\n")
    for piece in line:
        text.append(outlet.speakable(piece.text), _LOOK[piece.style])
    return text
