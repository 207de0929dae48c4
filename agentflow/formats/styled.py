"""Lines of styled pieces: what a trace is made of before it becomes plain text or colours.

A style says what a piece is, not how it looks; whoever draws it chooses the colours. `plain` draws
it without any.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from agentflow.core.state import StepStatus
from agentflow.formats.cells import width


class Style(StrEnum):
    """What a piece of text is."""

    PLAIN = "plain"
    NAME = "name"  # of a step or a pipeline
    DIM = "dim"  # good to know
    OK = "ok"
    FAIL = "fail"
    SKIP = "skip"
    RUN = "run"
    SPIN = "spin"  # the symbol of what is running: a live display may turn it
    WAIT = "wait"
    WARN = "warn"  # well in the end, but not by itself
    LOUD = "loud"  # not to be overlooked


class Piece(NamedTuple):
    """A text and what it is."""

    text: str
    style: Style = Style.PLAIN


Line: TypeAlias = tuple[Piece, ...]


class Symbols(Struct, frozen=True):
    """The characters that are not letters, for terminals that have them and for those that do not.

    All symbols of a status are equally wide. `bar` are the done and the open part of a progress
    bar.
    """

    status: dict[StepStatus, str]
    arrow: str
    more: str
    separator: str
    bar: tuple[str, str]


UNICODE = Symbols(
    status={
        "pending": "·",
        "running": "●",
        "waiting": "◌",
        "succeeded": "✓",
        "failed": "✗",
        "skipped": "⊘",
        "cancelled": "■",
        "unknown": "?",
    },
    arrow="→",
    more="…",
    separator=" · ",
    bar=("━", "─"),
)
ASCII = Symbols(
    status={
        "pending": "-   ",
        "running": "run ",
        "waiting": "wait",
        "succeeded": "ok  ",
        "failed": "FAIL",
        "skipped": "skip",
        "cancelled": "stop",
        "unknown": "????",
    },
    arrow="->",
    more="...",
    separator=", ",
    bar=("=", "-"),
)

STATUS_STYLE: dict[StepStatus, Style] = {
    "pending": Style.DIM,
    "running": Style.SPIN,
    "waiting": Style.WAIT,
    "succeeded": Style.OK,
    "failed": Style.FAIL,
    "skipped": Style.SKIP,
    "cancelled": Style.SKIP,
    "unknown": Style.FAIL,
}


def plain(lines: Iterable[Line]) -> str:
    """Lines as text without styles."""
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)


def crop(lines: Sequence[Line], room: int, more: str) -> list[Line]:
    """At most `room` lines (three or more): head, foot, and of the rest what is near the action.

    The first line that stands for something running is a third of the way down. What is left out
    above and below is counted in a line of its own that begins with `more`.
    """
    if len(lines) <= room:
        return list(lines)
    head, *body, foot = lines
    size = max(1, room - 2)
    action = next(
        (index for index, line in enumerate(body) if any(p.style is Style.SPIN for p in line)), 0
    )
    start = max(0, min(action - size // 3, len(body) - size))
    shown = body[start : start + size]
    above, below = start + 1, len(body) - start - size + 1
    if above > 1 and size > 1:
        shown[0] = (Piece(f"{more} {above} lines above", Style.DIM),)
    if below > 1:
        shown[-1] = (Piece(f"{more} {below} more lines", Style.DIM),)
    return [head, *shown, foot]


def line_width(line: Iterable[Piece]) -> int:
    """The cells that a line takes."""
    return sum(width(piece.text) for piece in line)
