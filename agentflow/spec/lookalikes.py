"""Characters that look like ones of ASCII, or like nothing, and are others to every reader.

They come from word processors, web pages, input methods of other scripts and chats: quotes that are
curled, dashes that are longer, blanks that do not break, colons that are wider.
"""

import unicodedata

# Source: Unicode 15. Blanks are its category Zs, without the blank itself.
BLANKS = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
#: What takes no place at all.
NOTHINGS = "\xad\u200b-\u200d\u2060\ufeff"
#: Hyphens, dashes and signs of minus; and what word processors put before an item.
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
BULLETS = "\u2022\u2023\u25e6\u2219\xb7\u25cf\u25aa"
COLONS = "\uff1a\ufe55\u2236"
DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\xab\xbb"
SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032"
_WRITTEN = {
    # The wide forms of ASCII.
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},
    **dict.fromkeys("\xa0\u1680\u202f\u205f", " "),
    **{chr(code): " " for code in range(0x2000, 0x200B)},
    "\u3000": "  ",
    **dict.fromkeys("\xad\u200b\u200c\u200d\u2060\ufeff", ""),
    **dict.fromkeys(DASHES + BULLETS, "-"),
    **dict.fromkeys(COLONS, ":"),
    **dict.fromkeys(DOUBLE_QUOTES, '"'),
    **dict.fromkeys(SINGLE_QUOTES, "'"),
    **dict.fromkeys("\u3001\ufe50", ","),
    "\u3002": ".",
    "\u2265": ">=",
    "\u2264": "<=",
    "\u2260": "!=",
    "\xd7": "*",
    "\xf7": "/",
    "\u2227": "&&",
    "\u2228": "||",
    "\xac": "!",
}
#: For `str.translate`.
PLAINLY = str.maketrans(_WRITTEN)


def written_as(character: str) -> str | None:
    """What a character looks like, in ASCII; empty if like nothing, None if like itself alone."""
    return _WRITTEN.get(character)


def named(character: str) -> str:
    """A character for a message: its number and its name."""
    name = unicodedata.name(character, "a control character").lower()
    return f"U+{ord(character):04X} ({name})"


def look_alike(text: str) -> str | None:
    """The plain character for the one that a text starts with; None if that is plain itself."""
    sign = text[:1]
    looks_like = written_as(sign)
    if looks_like is not None:
        instead = f"write '{looks_like}'" if looks_like.strip() else "write a space"
        return f"this is {named(sign)}: {instead if looks_like else 'take it out'}"
    if sign and not sign.isascii() and sign.isalpha():
        return f"this is {named(sign)}; names have only the letters of ASCII"
    return None
