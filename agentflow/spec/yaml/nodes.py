"""Located nodes: what a YAML file holds, every value with its place.

Nodes carry four plain integers rather than a `Span`, since a large spec has a quarter of a million
of them and a `Span` is only wanted for the few that a finding points at. Lines and columns count
from 1 and in characters, the end column is exclusive. A node is not changed once its document
is read.
"""

from dataclasses import dataclass
from typing import TypeAlias

from agentflow.findings import Span
from agentflow.spec.model import Json


@dataclass(slots=True, eq=False)
class Scalar:
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


@dataclass(slots=True, eq=False)
class Entry:
    """A key of a mapping and what it stands for."""

    key: Scalar
    value: "Node"


@dataclass(slots=True, eq=False)
class Mapping:
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


@dataclass(slots=True, eq=False)
class Sequence:
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


def to_data(node: Node) -> Json:
    """The plain JSON value of a node: dicts, lists and scalars that share nothing with it.

    It recurses; the depth of a document is capped far below what the interpreter allows.
    """
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {key: to_data(entry.value) for key, entry in node.entries.items()}
    return [to_data(item) for item in node.items]
