"""The expression language as a tree: what `spec.expressions` makes of an expression's text.

The nodes are plain frozen values. `start` and `end` are offsets into the text of the expression,
from 0, the end exclusive. A method call has its receiver as the first of its `args`, so that
`size(x)` and `x.size()` are the same node. What looks at existence (`has`, `default`, `coalesce`)
or binds a variable (`all`, `exists`, …) is not a call but a node of its own, as CEL's macros are.

Source of the language: https://github.com/google/cel-spec/blob/master/doc/langdef.md, of which
this is a subset. What differs is listed in `spec.expressions`.
"""

import typing
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

UnaryOperator = typing.Literal["!", "-"]
BinaryOperator = typing.Literal[
    "||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"
]
Macro = typing.Literal["all", "exists", "exists_one", "filter", "map"]


class Literal(Struct, frozen=True):
    """A constant: null, a bool, an int, a double or a string."""

    value: bool | int | float | str | None
    start: int
    end: int


class Identifier(Struct, frozen=True):
    """A name: a root of the scope (`inputs`, `steps`, …) or the variable of a comprehension."""

    name: str
    start: int
    end: int


class _Part(Struct, frozen=True, dict=True):
    """The end of a path. What it runs through is asked for by everybody, and found out once."""

    operand: "Expr"

    @cached_property
    def nodes(self) -> tuple["Expr", ...]:
        """As `spine` gives them."""
        found: list[Expr] = [typing.cast("Select | Index", self)]
        while isinstance(found[-1], _Part):
            found.append(found[-1].operand)
        return tuple(found)

    @cached_property
    def way(self) -> tuple[str | int | None, ...]:
        """Its fields and indices from its root on, up to the first that is computed, which is None."""
        steps: list[str | int | None] = []
        for node in reversed(self.nodes[:-1]):
            match node:
                case Select(_, field):
                    steps.append(field)
                case Index(_, Literal(str() | int() as key)) if not isinstance(key, bool):
                    steps.append(key)
                case _:
                    steps.append(None)
                    break
        return tuple(steps)


class Select(_Part, frozen=True, dict=True):
    """`operand.field`"""

    field: str
    start: int
    end: int


class Index(_Part, frozen=True, dict=True):
    """`operand[key]`: the item of a list, or the field of a map."""

    key: "Expr"
    start: int
    end: int


class Call(Struct, frozen=True):
    """A call of a function of `spec.cel.functions`; the receiver of a method call comes first."""

    function: str
    args: tuple["Expr", ...]
    start: int
    end: int


class Unary(Struct, frozen=True):
    """`!operand` or `-operand`"""

    operator: UnaryOperator
    operand: "Expr"
    start: int
    end: int


class Binary(Struct, frozen=True):
    """`left operator right`"""

    operator: BinaryOperator
    left: "Expr"
    right: "Expr"
    start: int
    end: int


class Conditional(Struct, frozen=True):
    """`condition ? then : otherwise`"""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"
    start: int
    end: int


class ListLiteral(Struct, frozen=True):
    """`[a, b]`"""

    items: tuple["Expr", ...]
    start: int
    end: int


class MapLiteral(Struct, frozen=True):
    """`{"key": value}`, as pairs of key and value in source order."""

    entries: tuple[tuple["Expr", "Expr"], ...]
    start: int
    end: int


class Comprehension(Struct, frozen=True):
    """`source.macro(variable, body)`; over a map, the variable takes the keys."""

    macro: Macro
    source: "Expr"
    variable: str
    body: "Expr"
    start: int
    end: int


class Has(Struct, frozen=True):
    """`has(path)`: whether every part of the path exists. The path is a `Select` or an `Index`."""

    path: "Path"
    start: int
    end: int


class Default(Struct, frozen=True):
    """`default(path, fallback)`: what the path leads to, or the fallback if it does not exist."""

    path: "Path"
    fallback: "Expr"
    start: int
    end: int


class Coalesce(Struct, frozen=True):
    """`coalesce(a, b, …)`: the first path that exists, and `last` if none of them does."""

    paths: tuple["Path", ...]
    last: "Expr"
    start: int
    end: int


#: What can be asked for its existence.
Path: TypeAlias = Identifier | Select | Index

Expr: TypeAlias = (
    Literal
    | Identifier
    | Select
    | Index
    | Call
    | Unary
    | Binary
    | Conditional
    | ListLiteral
    | MapLiteral
    | Comprehension
    | Has
    | Default
    | Coalesce
)


def spine(path: Expr) -> tuple[Expr, ...]:
    """The nodes that a path runs through, from its end to what it starts at, both included."""
    return path.nodes if isinstance(path, Select | Index) else (path,)


def parts(expr: Expr) -> tuple[Expr, ...]:
    """What a node is made of, in their order; a path is one whole, and `has` evaluates nothing.

    A macro has none: what its body reads, it may read of its own variable.
    """
    match expr:
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return left, right
        case Conditional(condition, then, otherwise):
            return condition, then, otherwise
        case Call(_, items) | ListLiteral(items):
            return items
        case MapLiteral(entries):
            return tuple(part for entry in entries for part in entry)
        case Default(path, fallback):
            return path, fallback
        case Coalesce(paths, last):
            return *paths, last
        case _:
            return ()
