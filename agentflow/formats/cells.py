"""How wide text is on a screen, in cells.

A terminal gives a letter one cell, an ideograph or emoji two, and an accent that combines with the
letter before it none (Unicode Standard Annex 11, "East Asian Width"). The text has to have gone
through `safe`, since tabs and control characters have no width of their own.
"""

import unicodedata

_EMOJI_FORM = "\ufe0f"


def width(text: str) -> int:
    """The cells that a line of text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if char.isascii():
        return 1
    if char == _EMOJI_FORM or unicodedata.combining(char):
        return 0
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
