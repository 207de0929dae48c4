"""Names in messages: quoted so that a message stays on one line, and the nearest known name."""

from collections.abc import Iterable

from agentflow.spec.nearest import nearest

_LONGEST = 60


def quoted(name: str) -> str:
    """A name in single quotes, cut at 60 characters, with what cannot be printed spelled out."""
    shown = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
    return f"'{shown}'"


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """`did you mean 'x'?` with the nearest of the known names, for the help of a message."""
    near = nearest(name, known)
    return None if near is None else f"did you mean {quoted(near)}?"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?` for messages that have no help beside them; empty if no name is near."""
    near = suggestion(name, known)
    return "" if near is None else f", {near}"
