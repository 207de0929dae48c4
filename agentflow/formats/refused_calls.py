"""Calls of tools that were refused, one short line each."""

from collections.abc import Iterator, Sequence

from agentflow.formats.safe import safe
from agentflow.formats.words import count

#: Lines for the calls of a step or turn, and the characters of each.
_MOST, _LIMIT = 3, 200


def some_refused(refused: Sequence[str]) -> Iterator[str]:
    """The last calls that were refused with the reasons, and how many there were before them."""
    before = len(refused) - _MOST
    if before > 0:
        yield f"{count(before, 'more call')} refused before"
    for text in refused[-_MOST:]:
        yield safe(text, limit=_LIMIT, oneline=True)
