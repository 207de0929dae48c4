"""Located nodes: what a YAML file holds, every value with its place.

Nodes carry four plain integers rather than a `Span`, since a large spec has a quarter of a million
of them and a `Span` is only wanted for the few that a finding points at. Lines and columns count
from 1 and in characters, the end column is exclusive. A node is not changed once its document
is read.
"""

from collections.abc import Mapping as TableOf
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentflow.findings import Span
from agentflow.spec.model import Json


class Scalar(Struct, eq=False):
    """A single value.

    `value` is what YAML 1.2 makes of it, `text` is how it reads without quotes, escapes and
    folding. `style` is how it was written: ``''`` plain, ``"'"``, ``'"'``, ``'|'`` or ``'>'``.
    The `value` of a key is its text.
    """

    value: Json
    text: str
    style: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def plain(self) -> bool:
        """Was it written without quotes?"""
        return not self.style

    @property
    def span(self) -> Span:
        """Its place, quotes included."""
        return Span(self.line, self.column, self.end_line, self.end_column)


class Entry(Struct, eq=False):
    """A key of a mapping and what it stands for."""

    key: Scalar
    value: "Node"


class Mapping(Struct, eq=False):
    """Keys and values in file order. Of a key that occurs twice the first is kept.

    `flow` tells `{a: b}` from a block of lines.
    """

    entries: dict[str, Entry]
    flow: bool
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        """Its place, braces included."""
        return Span(self.line, self.column, self.end_line, self.end_column)


class Sequence(Struct, eq=False):
    """A list. `flow` tells `[a, b]` from a block of lines."""

    items: list["Node"]
    flow: bool
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        """Its place, brackets included."""
        return Span(self.line, self.column, self.end_line, self.end_column)


Node: TypeAlias = Scalar | Mapping | Sequence

_NOWHERE = (0, 0, 0, 0)


def to_data(node: Node) -> Json:
    """The plain JSON value of a node: dicts, lists and scalars that share nothing with it.

    It recurses; the depth of a document is capped far below what the interpreter allows.
    """
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {key: to_data(entry.value) for key, entry in node.entries.items()}
    return [to_data(item) for item in node.items]


def from_data(data: Json) -> Node:
    """The node of plain data that was not read from YAML; its place is 0:0."""
    if isinstance(data, dict):
        entries = {
            key: Entry(Scalar(key, key, "", *_NOWHERE), from_data(value))
            for key, value in data.items()
        }
        return Mapping(entries, False, *_NOWHERE)
    if isinstance(data, list):
        return Sequence([from_data(item) for item in data], False, *_NOWHERE)
    return Scalar(data, str(data), "", *_NOWHERE)


def with_names(node: Node, names: TableOf[tuple[str | int, ...], str]) -> Node:
    """The node with some keys renamed, by their paths; everything off those paths is shared."""
    if not names:
        return node
    inside: dict[str | int, dict[tuple[str | int, ...], str]] = {}
    for path, name in names.items():
        if len(path) > 1:
            inside.setdefault(path[0], {})[path[1:]] = name
    if isinstance(node, Mapping):
        entries = {
            names.get((key,), key): Entry(entry.key, with_names(entry.value, inside.get(key, {})))
            for key, entry in node.entries.items()
        }
        return replace(node, entries=entries)
    if isinstance(node, Sequence):
        items = [with_names(item, inside.get(n, {})) for n, item in enumerate(node.items)]
        return replace(node, items=items)
    return node


def with_values(node: Node, values: TableOf[tuple[str | int, ...], Json]) -> Node:
    """The node with some scalars replaced, by their paths; everything off those paths is shared."""
    if not values:
        return node
    if isinstance(node, Scalar):
        return _at(node, values[()]) if () in values else node
    inside: dict[str | int, dict[tuple[str | int, ...], Json]] = {}
    for path, value in values.items():
        if path:
            inside.setdefault(path[0], {})[path[1:]] = value
    if isinstance(node, Mapping):
        entries = {
            key: Entry(entry.key, with_values(entry.value, inside.get(key, {})))
            for key, entry in node.entries.items()
        }
        return replace(node, entries=entries)
    items = [with_values(item, inside.get(n, {})) for n, item in enumerate(node.items)]
    return replace(node, items=items)


def _at(place: Scalar, value: Json) -> Node:
    """A value as a node where a scalar stands."""
    span = (place.line, place.column, place.end_line, place.end_column)
    if isinstance(value, dict):
        entries = {
            key: Entry(replace(place, value=key, text=key), _at(place, inner))
            for key, inner in value.items()
        }
        return Mapping(entries, True, *span)
    if isinstance(value, list):
        return Sequence([_at(place, item) for item in value], True, *span)
    return replace(place, value=value, text=value if isinstance(value, str) else place.text)
