r"""How untrusted text is made safe for a screen.

What a model, a program, a spec or a file system has written may control a terminal, hide what it
says, reverse a line, or give commands to a CI system that reads the log. All such text goes through
`safe`, which shows what it consists of instead of letting it act:

    ESC ] 0 ; title BEL          →   \x1b]0;title\x07
    a right-to-left override     →   \u202e
    ::error::all is lost         →   \x3a:error::all is lost
"""

import re

from agentflow.formats.words import count

# Control characters (C0 but tab and line feed, DEL, C1), lone surrogates, everything that is
# invisible or changes the direction of what follows: Unicode's format characters, line and
# paragraph separators, and its "default ignorable" letters and marks. U+FE0F is not among them:
# it only asks for the coloured form of an emoji.
_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad"
    "\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0"
    "\ufff0-\uffff\ud800-\udfff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# GitHub takes a line that starts with `::` for a command, and `##[` anywhere in a line; Azure
# takes `##vso[`, TeamCity `##teamcity[`.
_COMMAND = re.compile(r"^\s*(:):|(#)#\w*\[", re.MULTILINE)

_LINE_END = "⏎"


def safe(text: str, *, limit: int | None = None, oneline: bool = False) -> str:
    r"""Text that can be shown: what would act on a terminal or a CI log is spelled out.

    Line feeds and tabs stay; with `oneline` they become `⏎` and a space, without those at the
    ends. Beyond `limit` characters the rest is replaced by `… (N more characters)`.
    """
    rest = 0 if limit is None else max(0, len(text) - limit)
    if rest:
        text = text[:limit]
    text = text.replace("\r\n", "\n")
    if oneline:
        text = text.strip("\n\t ").replace("\n", _LINE_END).replace("\t", " ")
    # Most text is harmless, and these two tests are much faster than the searches.
    if not (text.isascii() and text.isprintable()):
        text = _ACTIVE.sub(lambda found: _escape(found[0]), text)
    text = without_commands(text)
    return f"{text}… ({count(rest, 'more character')})" if rest else text


def without_commands(text: str) -> str:
    """Text that gives no command to the log of a CI system; all else of it stays as it is."""
    return _COMMAND.sub(_defuse, text) if "::" in text or "##" in text else text


def safe_characters(line: str) -> list[str]:
    """What each character of a line is shown as, for those who must count columns."""
    shown = [_escape(char) if _ACTIVE.match(char) else char for char in line]
    for found in _COMMAND.finditer(line):
        at = found.start(found.lastindex or 0)
        shown[at] = _escape(line[at])
    return shown


def _defuse(found: re.Match[str]) -> str:
    """The command with its first character spelled out."""
    text, at = found[0], found.start(found.lastindex or 0) - found.start()
    return text[:at] + _escape(text[at]) + text[at + 1 :]


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
