"""The comments of a file. libyaml drops them; they are what is left of `#` outside of the values.

A `#` starts a comment where it follows a blank or begins a line, and does not stand inside a
scalar. Where scalars stand the located nodes say, to the character.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from msgspec import Struct

from agentflow.findings import Span
from agentflow.spec.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from agentflow.spec.yaml.source import Source

_START = re.compile(r"(?<!\S)#")


class Comment(Struct, frozen=True):
    """A comment from its `#` to the end of the line. `alone` says that nothing stands before it."""

    text: str
    span: Span
    alone: bool


def comments(root: Node | None, source: Source, pattern: re.Pattern[str]) -> Iterator[Comment]:
    """The comments whose text fits a pattern at its beginning, in file order.

    The scalars are gone through only if there is anything that looks like such a comment.
    """
    for comment, scalar in likely(root, source, pattern):
        if scalar is None:
            yield comment


def likely(
    root: Node | None, source: Source, pattern: re.Pattern[str]
) -> Iterator[tuple[Comment, Scalar | None]]:
    """What looks like such comments, in file order, each with the scalar that it is a part of instead."""
    text = source.text
    starts = [
        found.start() for found in _START.finditer(text) if pattern.match(text, found.start())
    ]
    if not starts:
        return
    spans = sorted(_written(root, source), key=itemgetter(0, 1))
    firsts = [first for first, _, _ in spans]
    for start in starts:
        at = bisect_right(firsts, start) - 1
        number, column = source.position(start)
        line = source.line(number)
        comment = Comment(
            line[column - 1 :],
            Span(number, column, number, len(line) + 1),
            not line[: column - 1].strip(),
        )
        yield comment, spans[at][2] if at >= 0 and start < spans[at][1] else None


def _written(root: Node | None, source: Source) -> Iterator[tuple[int, int, Scalar]]:
    """From where to where the text of each scalar stands, as offsets.

    That of a block, `|` or `>`, starts on the line below: behind the indicator there may be a
    comment.
    """
    for scalar in _scalars(root):
        end = source.offset(scalar.end_line, scalar.end_column)
        if scalar.style in ("|", ">"):
            yield source.offset(scalar.line + 1, 1), end, scalar
        else:
            yield source.offset(scalar.line, scalar.column), end, scalar


def _scalars(root: Node | None) -> Iterator[Scalar]:
    waiting: list[Node | Entry] = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Entry):
            yield node.key
            waiting.append(node.value)
        elif isinstance(node, Mapping):
            waiting.extend(node.entries.values())
        elif isinstance(node, Sequence):
            waiting.extend(node.items)
        else:
            yield node
