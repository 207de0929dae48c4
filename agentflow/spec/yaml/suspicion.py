"""Text that is not what it looks like: invisible characters, or cut off by a `#` or a comma.

All are looked for in the whole text first, so that an ordinary file pays for the searches only.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from agentflow.findings import Edit, Finding, Fix, Location, Severity, Span
from agentflow.spec.lookalikes import DOUBLE_QUOTES, SINGLE_QUOTES, named
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from agentflow.spec.yaml.source import Source

# Source: Unicode TR 36 and "Trojan Source" (CVE-2021-42574) for the direction controls; tags
# (U+E0000 to U+E007F) carry text past a reader's eye to a model, except in flags of regions.
_REORDERING = "\u202a-\u202e\u2066-\u2069"
_LINE_BREAKING = "\x85\u2028\u2029"
_UNSEEN = (
    _REORDERING
    + _LINE_BREAKING
    + "\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e0fff"
)
_IN_KEYS = re.compile(f"[{_UNSEEN}]")
_ANYWHERE = re.compile(
    f"[{_REORDERING}{_LINE_BREAKING}]"
    "|(?<![\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]+"
)
_CURLY = DOUBLE_QUOTES + SINGLE_QUOTES
_CURLED = re.compile(f"([{_CURLY}])([^{_CURLY}]+)[{_CURLY}]")
_CUT = re.compile(r"(?m)(?<![ \t\n])[ \t]#(?=\w)")
#: What stands between a comma and the next one, or the end of braces, and has no colon.
_PARTED = re.compile(r",\s*+([^\s,:{}][^,:{}]*+)(?=[,}])")
_COLON = re.compile(r"\s*+:")
#: What no key has without quotes: several words, or the end of something that began before it.
_NO_KEY = re.compile(r"\S\s+\S|[)\]]")


def suspicions(root: Node | None, source: Source, file: str) -> Iterator[Finding]:
    """Findings of the rules `invisible-character`, `curly-quotes`, `comma-` and `hash-in-text`."""
    text = source.text
    if not text.isascii() and _IN_KEYS.search(text):
        yield from _invisible(root, source, file)
    if not text.isascii() and _CURLED.search(text):
        yield from _curled(root, file)
    cuts = {source.position(match.start()) for match in _CUT.finditer(text)}
    if cuts:
        yield from _cut_text(root, source, file, cuts)
    if any(_NO_KEY.search(found[1]) for found in _PARTED.finditer(text)):
        for node in _walk(root):
            if isinstance(node, Mapping) and node.flow:
                yield from _parted_text(node, source, file)


def _invisible(root: Node | None, source: Source, file: str) -> Iterator[Finding]:
    """Unseen characters in keys are errors: two names may look the same and differ."""
    in_keys: set[tuple[int, int]] = set()
    for key in _keys(root):
        start = source.offset(key.line, key.column)
        end = source.offset(key.end_line, key.end_column)
        for match in _IN_KEYS.finditer(source.text, start, end):
            span = _span(source, match.start(), 1)
            in_keys.add((span.line, span.column))
            yield Finding(
                "invisible-character",
                Severity.ERROR,
                f"the key holds {named(match[0])}, which nobody sees",
                Location(file, span),
                f"take it out, or write the key in double quotes with {_escaped(match[0])}",
                fix=_without(span, safe=True),
            )
    for match in _ANYWHERE.finditer(source.text):
        span = _span(source, match.start(), len(match[0]))
        if (span.line, span.column) in in_keys:
            continue
        yield Finding(
            "invisible-character",
            Severity.WARNING,
            f"{named(match[0][0])} makes the text look other than it is",
            Location(file, span),
            f"take it out, or write {_escaped(match[0][0])} in double quotes",
            fix=None if match[0] in _LINE_BREAKING else _without(span, safe=False),
        )


def _curled(root: Node | None, file: str) -> Iterator[Finding]:
    """Quotes of a word processor around a whole text, which YAML takes for letters of it."""
    for node in _values(root):
        found = _CURLED.fullmatch(node.text) if node.plain else None
        if found is None:
            continue
        inner = found[2]
        plain = inner.isprintable() and not set(inner) & set('"\\')
        yield Finding(
            "curly-quotes",
            Severity.WARNING,
            f"the quotes around {quoted(inner)} are part of the text: YAML knows only those of ASCII",
            Location(file, node.span),
            f"write '\"' for {named(found[1])}; to keep them, put the whole text in quotes",
            fix=Fix("write quotes of ASCII", (Edit(node.span, f'"{inner}"'),), safe=False)
            if plain and node.line == node.end_line
            else None,
        )


def _cut_text(
    root: Node | None, source: Source, file: str, cuts: set[tuple[int, int]]
) -> Iterator[Finding]:
    """` #` ends plain text. `key: value #old` may be meant, `fix issue #12` is not."""
    for node in _values(root):
        place = (node.end_line, node.end_column)
        if not node.plain or place not in cuts:
            continue
        line = source.line(node.end_line)
        comment = line[node.end_column :]
        if node.text and not isinstance(node.value, str):
            continue
        if node.text and not comment[1].isdigit() and " " not in node.text:
            continue
        span = Span(node.end_line, node.end_column + 1, node.end_line, len(line) + 1)
        shown = comment if len(comment) <= 40 else f"{comment[:40]}…"
        yield Finding(
            "hash-in-text",
            Severity.WARNING,
            f"'{shown}' is read as a comment and not as part of the text",
            Location(file, span),
            "put the whole text in quotes; if it is a comment, leave a blank after '#'",
            fix=_quoted(line, node),
        )


def _parted_text(node: Mapping, source: Source, file: str) -> Iterator[Finding]:
    """A comma ends plain text in `{ }`, and what follows are keys that have no value."""
    entries = list(node.entries.values())
    for at, entry in enumerate(entries):
        text = entry.value
        if not isinstance(text, Scalar) or not text.plain or not isinstance(text.value, str):
            continue
        behind = (entries[number] for number in range(at + 1, len(entries)))
        keys = [each.key for each in takewhile(lambda each: _has_none(each, source), behind)]
        if not any(_NO_KEY.search(key.text) for key in keys):
            continue
        first, last = keys[0], keys[-1]
        shown = first.text if len(first.text) <= 40 else f"{first.text[:40]}…"
        yield Finding(
            "comma-in-text",
            Severity.WARNING,
            f"{quoted(shown)} is read as a key: the ',' before it ends the text in {{ }}",
            Location(file, Span(first.line, first.column, last.end_line, last.end_column)),
            f"put the whole text of {quoted(entry.key.text)} in quotes",
            fix=_quoted(source.between(text.line, 1, last.end_column), text)
            if text.line == last.end_line
            else None,
        )


def _has_none(entry: Entry, source: Source) -> bool:
    """Is it a key without quotes behind which there is not even a colon?"""
    key, value = entry.key, entry.value
    if not key.plain or not isinstance(value, Scalar) or not value.plain or value.text:
        return False
    end = source.offset(key.end_line, key.end_column)
    return _COLON.match(source.text, end) is None


def _walk(root: Node | None) -> Iterator[Node | Entry]:
    """Every node below the root, and every entry, in file order."""
    waiting: list[Node | Entry] = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Entry):
            waiting.append(node.value)
        elif isinstance(node, Mapping):
            waiting.extend(reversed(node.entries.values()))
        elif isinstance(node, Sequence):
            waiting.extend(reversed(node.items))


def _keys(root: Node | None) -> Iterator[Scalar]:
    return (node.key for node in _walk(root) if isinstance(node, Entry))


def _values(root: Node | None) -> Iterator[Scalar]:
    return (node for node in _walk(root) if isinstance(node, Scalar))


def _span(source: Source, offset: int, length: int) -> Span:
    line, column = source.position(offset)
    return Span(line, column, line, column + length)


def _without(span: Span, *, safe: bool) -> Fix:
    return Fix("take it out", (Edit(span, ""),), safe)


def _quoted(line: str, node: Scalar) -> Fix | None:
    """The text and what was cut off as one text in quotes; it may be a comment all the same."""
    text = line[node.column - 1 :].rstrip()
    if node.line != node.end_line or '"' in text or "\\" in text or not text.isprintable():
        return None
    span = Span(node.line, node.column, node.line, node.column + len(text))
    return Fix("put the whole text in quotes", (Edit(span, f'"{text}"'),), safe=False)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
