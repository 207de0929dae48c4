"""Which parts of the scope an expression reads: the edges of the graph come from here."""

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from agentflow.spec.cel.syntax import (
    Binary,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Identifier,
    Index,
    Path,
    Select,
    parts,
    spine,
)

Steps: TypeAlias = tuple[str | int | None, ...]


class Reference(Struct, frozen=True):
    """A path that starts at a root of the scope.

    `steps.a.output.x[0]` has the root `steps` and the path `("a", "output", "x", 0)`. An index
    that is not a literal ends what is known of the path with None. `guarded` means that the
    expression copes with its absence: it stands under `has`, `default` or `coalesce`, or where a
    `has` of it is known to hold, as in `has(a.b) && a.b > 1` and `has(a.b) ? a.b : 0`. Of one that
    is only `asked` for, by `has`, the value does not count. `start` and `end` are offsets into the
    text of the expression and span the whole path. `variables` are those of the macros around it,
    which it is none of.
    """

    root: str
    path: Steps
    guarded: bool
    start: int
    end: int
    variables: frozenset[str] = frozenset()
    asked: bool = False


def references(expr: Expr) -> tuple[Reference, ...]:
    """All references of an expression in source order; variables of macros are none."""
    return tuple(sorted(_Walk(frozenset(), frozenset()).expr(expr), key=lambda found: found.start))


class _Walk(Struct, frozen=True):
    """A part of the tree: the variables bound around it, and the paths known to exist in it."""

    bound: frozenset[str]
    existing: frozenset[tuple[str, Steps]]

    def expr(self, expr: Expr) -> Iterator[Reference]:
        match expr:
            case Identifier() | Select() | Index():
                yield from self.path(expr, guarded=False)
            case Has(path):
                yield from self.path(path, guarded=True, asked=True)
            case Default(path, last):
                yield from self.path(path, guarded=True)
                yield from self.expr(last)
            case Coalesce(paths, last):
                for path in paths:
                    yield from self.path(path, guarded=True)
                yield from self.expr(last)
            case Conditional(condition, then, otherwise):
                yield from self.expr(condition)
                yield from self.where(condition).expr(then)
                yield from self.expr(otherwise)
            case Binary("&&"):
                walk = self
                for side in _sides(expr):
                    yield from walk.expr(side)
                    walk = walk.where(side)
            case Comprehension(_, source, variable, body):
                yield from self.expr(source)
                yield from _Walk(self.bound | {variable}, self.existing).expr(body)
            case _:
                for part in parts(expr):
                    yield from self.expr(part)

    def path(self, path: Path, *, guarded: bool, asked: bool = False) -> Iterator[Reference]:
        """The reference that a path is, and those in its indices, which nothing guards."""
        nodes = spine(path)
        root = nodes[-1]
        if not isinstance(root, Identifier):
            yield from self.expr(root)
        elif root.name not in self.bound:
            steps = known_steps(nodes)
            guarded = guarded or (root.name, steps) in self.existing
            span = path.start, path.end
            yield Reference(root.name, steps, guarded, *span, self.bound, asked)
        for node in nodes:
            if isinstance(node, Index):
                yield from self.expr(node.key)

    def where(self, condition: Expr) -> "_Walk":
        """The same walk where the condition holds: the paths it asks for with `has` exist."""
        return _Walk(self.bound, self.existing | frozenset(self.proven(condition)))

    def proven(self, condition: Expr) -> Iterator[tuple[str, Steps]]:
        """The paths that exist if the condition holds; with a path, all that lead to it."""
        match condition:
            case Binary("&&", left, right):
                yield from self.proven(left)
                yield from self.proven(right)
            case Has(path):
                nodes = spine(path)
                root = nodes[-1]
                steps = known_steps(nodes)
                if isinstance(root, Identifier) and root.name not in self.bound:
                    for length in range(len(steps) + 1):
                        # An index that is not known proves nothing about the same index elsewhere.
                        if None not in steps[:length]:
                            yield root.name, steps[:length]


def _sides(expr: Expr) -> Iterator[Expr]:
    """What a chain of `&&` asks, in source order."""
    sides = list[Expr]()
    while isinstance(expr, Binary) and expr.operator == "&&":
        sides.append(expr.right)
        expr = expr.left
    yield expr
    yield from reversed(sides)


def known_steps(nodes: tuple[Expr, ...]) -> Steps:
    """The fields and indices of a spine from its root on, up to the first that is computed."""
    end = nodes[0]
    return end.way if isinstance(end, Select | Index) else ()
