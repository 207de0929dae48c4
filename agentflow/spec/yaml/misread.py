"""What YAML reads without a complaint, and as something else than was written down.

A `!` makes a tag of an expression, a `{` a mapping of a text, a `:` without a space a part of a
key, and `---` makes two documents of one.
"""

import json
import re

from msgspec import Struct

from agentflow.findings import Edit, Fix, Span
from agentflow.spec.lookalikes import BLANKS, COLONS, NOTHINGS
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Entry, Mapping, Node, Scalar
from agentflow.spec.yaml.scalars import resolve
from agentflow.spec.yaml.source import Source

#: No help quotes more of a line than this.
_LONG = 100
#: A key with a colon in it, and what was meant to be its value.
NARROW = re.compile(rf"([A-Za-z_][\w-]*)([:{COLONS}](?!//)[{BLANKS}{NOTHINGS}]*)(\S.*)")
#: What follows `!x` in an expression. A tag is followed by a value.
_GOES_ON = re.compile(r"==|!=|[<>]=|<|&&|\|\||\?|in\b|$")
#: What somebody wrote in braces who meant an expression.
_REFERENCE = re.compile(r"(?:inputs?|steps|loop|item|run|task)(?:\.[A-Za-z_]\w*|\[\d+\])+")
_END_MARK = re.compile(r"\.\.\.(?=\s|$)")
#: What may follow a document: blank lines and comments.
_NOTHING_MORE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n|$))*+")
_HEAD = re.compile(r"^agentflow[ \t]*:", re.MULTILINE)


class Misread(Struct, frozen=True):
    """What is wrong, where, and what to write; `text` is what stands there, if that is a text."""

    message: str
    span: Span
    help: str
    fix: Fix | None = None
    text: str | None = None


def value_at(rest: str, *, in_flow: bool) -> str:
    """The value that a line goes on with, as its author may have meant it."""
    text = re.sub(r"\s+#.*", "", rest[:_LONG]).rstrip()
    return re.split(r"[,\]}]", text, maxsplit=1)[0].rstrip() if in_flow else text


def in_quotes(advice: str, text: str) -> str:
    """Advice with a text in the quotes that it needs, if it is short."""
    if not text or len(text) > 60:
        return advice
    if '"' in text and "'" not in text:
        return f"{advice}: '{text}'"
    return f"{advice}: {json.dumps(text, ensure_ascii=False)}"


def negation(tag: str, place: Span, source: Source, *, in_flow: bool) -> Misread | None:
    """An expression starting with `!`, which YAML takes for a tag; None for a real tag."""
    if tag.startswith("tag:"):
        return None
    text = value_at(source.between(place.line, place.column), in_flow=in_flow)
    word, _, more = text.partition(" ")
    is_path = re.search(r"[.(\[]", word) is not None
    if not text.startswith("!") or not (word == "!" or is_path or _GOES_ON.match(more.strip())):
        return None
    span = Span(place.line, place.column, place.line, place.column + len(text))
    plain = text.isprintable() and not set(text) & set('"\\')
    return Misread(
        f"YAML reads {quoted(word)} as a tag",
        span,
        in_quotes("put text that starts with '!' in quotes", text),
        Fix("put it in quotes", (Edit(span, f'"{text}"'),)) if plain else None,
        text,
    )


def anchored_text(place: Span, source: Source, anchor: str, *, in_flow: bool) -> str | None:
    """What to write if an anchor that nothing refers to is the beginning of a text."""
    text = value_at(source.between(place.line, place.column), in_flow=in_flow)
    if f"*{anchor}" in source.text or text.count(" ") < 2:
        return None
    return in_quotes("if it is text, put it in quotes", text)


def narrow_colons(node: Mapping) -> list[Misread]:
    """Keys of `{ }` that include their value for want of a space, read as they were meant."""
    found: list[Misread] = []
    entries: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        key, value = entry.key, entry.value
        is_bare = isinstance(value, Scalar) and not (value.text or value.style or key.style)
        meant = NARROW.fullmatch(name) if is_bare else None
        taken = meant is not None and (meant[1] in node.entries or meant[1] in entries)
        if meant is None or taken or key.line != key.end_line:
            entries[name] = entry
            continue
        at = key.column + meant.end(1)
        rest = at + len(meant[2])
        span = Span(key.line, at, key.line, rest)
        found.append(
            Misread(
                "':' needs a space after it",
                span,
                f"write {quoted(f'{meant[1]}: {meant[3]}')}",
                Fix("put a space there", (Edit(span, ": "),)),
            )
        )
        new_key = Scalar(meant[1], meant[1], "", key.line, key.column, key.line, at)
        text = meant[3]
        held = Scalar(resolve(text), text, "", key.line, rest, key.line, key.end_column)
        entries[meant[1]] = Entry(new_key, held)
    node.entries = entries
    return found


def bare_template(node: Mapping, source: Source, end: int, *, in_flow: bool) -> Misread | None:
    """`{x}` is a mapping with the key `x` and no value: somebody forgot the quotes."""
    (entry,) = node.entries.values()
    value = entry.value
    if not (isinstance(value, Scalar) and value.plain and not value.text):
        return None
    text = source.text
    written = text[text.rfind("{", 0, end) : end]
    name = entry.key.text
    if not entry.key.plain or written[1:-1].strip() != name:
        return None
    span = node.span
    message = f"YAML reads {quoted(written)} as a mapping with the key {quoted(name)} and no value"
    more = (
        "" if in_flow else value_at(source.between(span.end_line, span.end_column), in_flow=False)
    )
    if more and not more.startswith("#"):
        whole = written + more
        span = Span(span.line, span.column, span.end_line, span.end_column + len(more))
        advice = in_quotes("put the whole text in quotes", whole)
        plain = whole.isprintable() and not set(whole) & set('"\\')
        fix = Fix("put it in quotes", (Edit(span, f'"{whole}"'),)) if plain else None
        return Misread(message, span, advice, fix)
    if _REFERENCE.fullmatch(name):
        mended = '"${{ ' + name + ' }}"'
        advice = f"for what it leads to write {mended}"
    else:
        mended = f'"{written}"'
        advice = f"if it is text, put it in quotes{f': {mended}' if len(written) <= 60 else ''}"
    return Misread(message, span, advice, Fix("put it in quotes", (Edit(span, mended),)))


def second_document(root: Node | None, source: Source, offset: int) -> tuple[Misread | None, bool]:
    """What is wrong behind the first document, and whether what was read of it is all of it."""
    text = source.text
    end = _END_MARK.match(text, offset)
    rest = _NOTHING_MORE.match(text, end.end() if end else offset)
    after = rest.end() if rest else offset
    if after >= len(text):
        return None, True
    place = source.position(after)
    if not text.startswith("---", after):
        if end is None:
            return Misread("text after the end of the document", _at(*place), "take it out"), True
        return Misread(
            "'...' ends the document, and more follows",
            _at(*source.position(offset)),
            "take it out",
        ), False
    is_empty = root is None or (isinstance(root, Scalar) and not root.text)
    starts = isinstance(root, Mapping) and "agentflow" in root.entries
    follows = _HEAD.search(text, after) is not None
    message, advice = "a second document starts here", "put it into a file of its own"
    tail = _NOTHING_MORE.match(text, after + 3)
    if tail is not None and tail.end() >= len(text):
        message, advice = "'---' starts another document, which is empty", "take it out"
    elif is_empty:
        advice = "a file holds one: take out what stands above it"
    elif starts and not follows:
        advice = "take the '---' out, or put what follows into a file of its own"
    elif follows and not starts:
        advice = "a file holds one: take out what stands above it, or give it a file of its own"
    is_whole = not is_empty and starts and (follows or message.startswith("'---'"))
    return Misread(message, _at(*place), advice), is_whole


def _at(line: int, column: int) -> Span:
    return Span(line, column, line, column + 1)
