"""Fixes that several rules have. Each looks at the text it would change, and is None in doubt."""

import re
from collections.abc import Iterable

from agentflow.findings import Edit, Fix, Location, Span
from agentflow.spec import model as language
from agentflow.spec.document import Document, Path
from agentflow.spec.meant import meant
from agentflow.spec.nearest import only_near
from agentflow.spec.phrases import mend
from agentflow.spec.shape import Shape
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence


def renamed(document: Document, place: Location, name: str, known: Iterable[str]) -> Fix | None:
    """A misspelt name replaced by the only known one that is near to it."""
    near = only_near(name, known)
    return None if near is None else replaced(document, place, name, near)


def replaced(
    document: Document, place: Location, old: str, new: str, *, safe: bool = True
) -> Fix | None:
    """One name in the place of another, which has to stand there, once and in one piece."""
    span = place.span
    if place.file != document.file or span.line != span.end_line:
        return None
    written = document.between(span.line, span.column, span.end_column)
    found = list(re.finditer(rf"(?<![\w-]){re.escape(old)}(?![\w-])", written))
    if len(found) != 1 or not new.isprintable():
        return None
    start = span.column + found[0].start()
    edit = Edit(Span(span.line, start, span.line, start + len(old)), new)
    return Fix(f"write {quoted(new)}", (edit,), safe)


def unwrapped(document: Document, path: Path, text: str) -> Fix | None:
    """The expression alone, in the place of one with `${{ }}` around it."""
    wrapped = re.fullmatch(r"\s*(\$\{\{\s*)((?:(?!\$\{\{|\}\}).)+?)(\s*\}\})\s*", text)
    node = document.node(path)
    if wrapped is None or not isinstance(node, Scalar) or node.line != node.end_line:
        return None
    if node.style == "" and not wrapped[2][0].isalpha():
        return None  # what begins otherwise may be no plain text to YAML
    edits = (document.in_string(path, *wrapped.span(group)).span for group in (1, 3))
    return Fix("write the bare expression", tuple(Edit(span, "") for span in edits))


def without_entry(document: Document, path: Path, *, title: str, safe: bool) -> Fix | None:
    """A key taken out with its value, and the mapping around it if nothing else is in there."""
    around = document.node(path[:-1])
    while isinstance(around, Mapping) and len(around.entries) == 1 and len(path) > 1:
        path = path[:-1]
        around = document.node(path[:-1])
    if not isinstance(around, Mapping) or str(path[-1]) not in around.entries:
        return None
    name = str(path[-1])
    entry = around.entries[name]
    edit = _of_flow(document, around, name) if around.flow else _of_block(document, entry)
    return None if edit is None else Fix(title, (edit,), safe)


def without_property(document: Document, path: Path, *, title: str) -> Fix | None:
    """A property of a schema taken out, and out of what is `required` there; never safe."""
    fix = without_entry(document, path, title=title, safe=False)
    required = document.node((*path[:-2], "required"))
    if fix is None or not isinstance(required, Sequence):
        return fix
    names = [item.value if isinstance(item, Scalar) else None for item in required.items]
    if path[-1] not in names:
        return fix
    if not required.flow:
        return fix
    at = names.index(path[-1])
    first = required.items[max(at - 1, 0)]
    last = required.items[min(max(at, 1), len(names) - 1)]
    if at:
        span = Span(first.end_line, first.end_column, last.end_line, last.end_column)
    elif len(names) > 1:
        span = Span(first.line, first.column, last.line, last.column)
    else:
        span = Span(first.line, first.column, first.end_line, first.end_column)
    return Fix(title, (*fix.edits, Edit(span, "")), safe=False)


def _of_block(document: Document, entry: Entry) -> Edit | None:
    """The whole lines of an entry, if nothing else stands on them."""
    key, value = entry.key, entry.value
    if document.between(key.line, 1, key.column).strip():
        return None  # behind the dash of a list
    last = value.end_line
    if isinstance(value, Scalar) and value.style in ("|", ">") and value.end_column == 1:
        return Edit(Span(key.line, 1, last, 1), "")
    rest = document.between(last, value.end_column).strip()
    if rest and not rest.startswith("#"):
        return None
    return Edit(Span(key.line, 1, last + 1, 1), "")


def _of_flow(document: Document, around: Mapping, name: str) -> Edit | None:
    """From the key to the next one, or from the end of the one before."""
    entry = around.entries[name]
    before, after = document.beside(around, name)
    if after is not None:
        key, following = entry.key, after.key
        return Edit(Span(key.line, key.column, following.line, following.column), "")
    if before is not None:
        last, end = before.value, entry.value
        return Edit(Span(last.end_line, last.end_column, end.end_line, end.end_column), "")
    return None


def in_quotes(document: Document, node: Scalar | Mapping | Sequence) -> str | None:
    """What stands at a node on one line, as a text in double quotes; None if it needs escapes."""
    if node.line != node.end_line:
        return None
    written = document.between(node.line, node.column, node.end_column)
    if '"' in written or "\\" in written or not written.isprintable():
        return None
    return f'"{written}"'


def mending(shape: Shape, node: Node | None, document: Document) -> Fix | None:
    """What `mend` says, done: where it says what to write and there is nothing to be guessed."""
    said = mend(shape, node)
    if said is None or not isinstance(node, Scalar) or node.line != node.end_line:
        return None
    if said.startswith("put it in quotes"):
        text = in_quotes(document, node)
        return None if text is None else Fix("put it in quotes", (Edit(node.span, text),))
    found = meant(shape, node)
    if found is None:
        return None
    # Whether a bare number was meant as seconds is a guess, if a good one; so is a whole mapping.
    number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    of_time = shape.pattern == language.DURATION_PATTERN
    guessed = isinstance(found.value, dict) or (number and of_time)
    return Fix(said, (Edit(node.span, found.written),), safe=not guessed)
