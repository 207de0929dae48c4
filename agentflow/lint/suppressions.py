"""Comments that suppress findings: `# agentflow: ignore[rule-name, other] reason`.

At the end of a line, a comment applies to the findings on that line; on a line of its own, to the
node below it and everything inside. The reason is mandatory. Whether a comment was needed shows
only when all other findings are known, so the linter settles suppressions last.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from agentflow.findings import Span
from agentflow.spec.document import Document
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.comments import Comment, comments, likely
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar

FORM = "write # agentflow: ignore[RULE] REASON"

#: A comment that is meant as a suppression, well written or not.
_MEANT = re.compile(
    r"#[ \t]*(?P<before>|[^#\n]*\W(?=agentflow[ \t]*:[ \t]*ignore[ \t]*\[))(?P<tool>agentflow)[ \t]*"
    r"(?P<colon>[:-]?)[ \t]*(?P<word>[a-zA-Z]+)\b(?P<rest>.*)",
    re.IGNORECASE,
)
_EXACT = re.compile(r"#[ \t]*agentflow:[ \t]*ignore[ \t]*\[[^\]\n]+\][ \t:,.-]*\w")
_REST = re.compile(r"[ \t]*\[(?P<names>[^\]]*)\][ \t:,.-]*(?P<reason>.*)")
_NAME = re.compile(r"[^\s,]+")
#: What other tools call it, with `[`, `:` or nothing behind; anything else may be a sentence.
_OTHER_WORDS = re.compile(
    r"(?:disable|noqa|nolint|suppress|skip|allow|off|pass|silence)(?:[ \t]*(?:[\[:=(-].*)?)?",
    re.IGNORECASE,
)
#: The most names in one comment; there are not many more rules.
_MOST_NAMES = 200
#: The most names that are read in all comments of a spec.
_MOST_OF_ALL = 5_000


class Suppression(Struct, frozen=True):
    """A comment that takes back what some rules find on the lines `first` to `last`.

    `names` has each name with the place where it stands. With a `problem` it takes nothing back.
    """

    comment: Comment
    names: tuple[tuple[str, Span], ...]
    reason: str
    first: int
    last: int
    problem: str | None


def suppressions(document: Document) -> tuple[Suppression, ...]:
    """The suppressions of a spec, in file order."""
    if document.root is None:
        return ()
    found = list(comments(document.root, document.source, _MEANT))
    below = _lines_below(document, [comment.span.line for comment in found if comment.alone])
    ends = _Ends(document.root)
    read = filter(None, (_read(comment, below, ends) for comment in found))
    return tuple(_bounded(read))


def lost_suppressions(document: Document) -> Iterator[Suppression]:
    """What would be suppressions outside of the texts that they are a part of, in file order.

    Each reaches over its text, and over the node below it if its line is the last one of the text:
    it may have been meant for that.
    """
    ends = _Ends(document.root)
    for comment, scalar in likely(document.root, document.source, _EXACT):
        if scalar is None:
            continue
        last = scalar.end_line - (scalar.end_column == 1)
        below = _lines_below(document, [last])[last]
        read = _read(comment, {comment.span.line: below}, ends)
        if read is not None and read.problem is None:
            reach = last
            if comment.span.line == last and comment.alone:
                reach = max(last, ends.of_node(below))
            yield replace(read, first=scalar.line, last=reach)


def _bounded(found: Iterable[Suppression]) -> Iterator[Suppression]:
    """The suppressions up to a number of names; the first beyond it represents the rest."""
    left = _MOST_OF_ALL
    for each in found:
        left -= max(len(each.names), 1)
        if left < 0:
            problem = f"more than {_MOST_OF_ALL:,} rules are suppressed, and none from here on"
            yield replace(each, names=(), problem=problem)
            return
        yield each


def _read(comment: Comment, below: dict[int, int], ends: "_Ends") -> Suppression | None:
    """The suppression in a comment; None if the comment is about something else."""
    meant = _MEANT.match(comment.text)
    assert meant is not None
    near = meant["word"].lower() == "ignore" or nearest(meant["word"], ["ignore"]) is not None
    if not near and _OTHER_WORDS.fullmatch(meant["word"] + meant["rest"]) is None:
        return None
    first = last = comment.span.line
    if comment.alone:
        last = ends.of_node(below[first])
    rest = _REST.fullmatch(meant["rest"])
    exact = (meant["before"], meant["tool"], meant["colon"], meant["word"])
    if exact != ("", "agentflow", ":", "ignore"):
        said = f"{quoted(comment.text)} is no suppression"
        return Suppression(comment, (), "", first, last, said)
    if rest is None or not rest["names"].strip():
        return Suppression(comment, (), "", first, last, "the suppression names no rule")
    start = comment.span.column + meant.start("rest") + rest.start("names")
    names = tuple(_names(rest["names"], comment.span.line, start))
    reason = rest["reason"].strip()
    problem = None if reason else "the suppression has no reason"
    if len(names) > _MOST_NAMES:
        names, problem = (), f"the suppression names more than {_MOST_NAMES} rules"
    return Suppression(comment, names, reason, first, last, problem)


def _names(text: str, line: int, column: int) -> Iterator[tuple[str, Span]]:
    for found in _NAME.finditer(text):
        yield found[0], Span(line, column + found.start(), line, column + found.end())


def _lines_below(document: Document, lines: Sequence[int]) -> dict[int, int]:
    """For each of these lines, in order, the next line that is neither a comment nor empty."""
    found: dict[int, int] = {}
    below, end = 0, document.text.count("\n") + 2
    for line in lines:
        below = max(below, line + 1)
        while below < end and _says_nothing(document.line(below)):
            below += 1
        found[line] = below
    return found


def _says_nothing(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith("#")


class _Ends:
    """Where the nodes of a document end, by the line on which they start."""

    def __init__(self, root: Node | None) -> None:
        self._root = root
        #: By the identity of a node, which the root keeps.
        self._children: dict[int, Sequence[tuple[int, Node]]] = {}

    def of_node(self, line: int) -> int:
        """The last line of the outermost node that starts on a line; that line if none does."""
        node = self._root
        while node is not None:
            inside = self._inside(node)
            at = bisect_left(inside, line, key=itemgetter(0))
            if at < len(inside) and inside[at][0] == line:
                return max(_last_line(*inside[at]), line)
            before = inside[at - 1] if at else None
            node = before[1] if before is not None and line <= _last_line(*before) else None
        return line

    def _inside(self, node: Node) -> Sequence[tuple[int, Node]]:
        if id(node) not in self._children:
            self._children[id(node)] = tuple(_children(node))
        return self._children[id(node)]


def _last_line(start: int, node: Node) -> int:
    """The last line of a node that starts, with its key, on a line."""
    return node.end_line - (node.end_column == 1 and node.end_line > start)


def _children(node: Node) -> Iterable[tuple[int, Node]]:
    """The nodes inside a node, with the lines on which they start; a value starts with its key."""
    if isinstance(node, Scalar):
        return ()
    if isinstance(node, Mapping):
        return ((entry.key.line, entry.value) for entry in node.entries.values())
    return ((item.line, item) for item in node.items)
