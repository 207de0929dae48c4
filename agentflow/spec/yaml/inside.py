"""Where the characters of a text stand in the file, whatever style it was written in.

Folding, indentation and line ends only ever add, drop or change blanks. So the characters that
are not blank stand in the file in the order in which they stand in the value, and counting them
finds every place, for plain, quoted and block text alike. Escapes are read as one character.
"""

import re
from array import array
from collections.abc import Iterator

from msgspec import Struct

from agentflow.spec.yaml.nodes import Scalar
from agentflow.spec.yaml.source import Source

_ESCAPES = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|.)|.", re.DOTALL)
_DOUBLED = re.compile(r"''|.", re.DOTALL)
_SINGLE = re.compile(r".", re.DOTALL)
_TOKENS = {'"': _ESCAPES, "'": _DOUBLED}
_BLANKS = frozenset(" \t\n\r\x85\u2028\u2029")
#: The letters behind a backslash that stand for a blank, or for nothing at the end of a line.
_BLANK_LETTERS = frozenset("tnrNLP") | _BLANKS


class Offsets(Struct, frozen=True):
    """For each character of a value, the offset in the file where it starts and ends."""

    starts: "array[int]"
    ends: "array[int]"

    def start(self, index: int) -> int:
        """The offset of a character; past the end, that of the end."""
        if index < len(self.starts):
            return self.starts[index]
        return self.ends[-1]

    def end(self, index: int) -> int:
        """The offset behind the last character before `index`."""
        return self.ends[min(max(index, 1), len(self.ends)) - 1]


def value_offsets(node: Scalar, source: Source) -> Offsets:
    """The offsets of the characters of a text that is not empty. Linear in its length."""
    start, end = _inner(node, source)
    if source.text[start:end] == node.text:  # as it is written
        return Offsets(array("Q", range(start, end)), array("Q", range(start + 1, end + 1)))
    solid = _solid(node, source)
    end_of_text = source.offset(node.end_line, node.end_column)
    starts, ends = array("Q"), array("Q")
    here = source.offset(node.line, node.column)
    blanks = 0
    following = next(solid, None)
    for character in node.text:
        if character in _BLANKS:
            limit = following[0] if following is not None else end_of_text
            start = min(here + blanks, limit)
            end = min(start + 1, limit)
            blanks += 1
        else:
            start, end = following if following is not None else (here, here)
            following = next(solid, None)
            here = end
            blanks = 0
        starts.append(start)
        ends.append(end)
    return Offsets(starts, ends)


def _solid(node: Scalar, source: Source) -> Iterator[tuple[int, int]]:
    """Start and end of all that stands for a character and is not blank, in file order."""
    start, end = _inner(node, source)
    for token in _TOKENS.get(node.style, _SINGLE).finditer(source.text, start, end):
        written = token[0]
        if written in _BLANKS or (node.style == '"' and _is_blank_escape(written)):
            continue
        yield token.span()


def _inner(node: Scalar, source: Source) -> tuple[int, int]:
    """Where the text stands, without its quotes or the line that begins a block."""
    start = source.offset(node.line, node.column)
    end = source.offset(node.end_line, node.end_column)
    if node.style in ("|", ">"):
        return source.offset(node.line + 1, 1), end
    return (start + 1, end - 1) if node.style else (start, end)


def _is_blank_escape(written: str) -> bool:
    """Does an escape stand for a blank, or for nothing?"""
    if len(written) < 2:
        return False
    if written[1] in "xuU" and len(written) > 2:
        return chr(int(written[2:], 16)) in _BLANKS
    return written[1] in _BLANK_LETTERS
