"""Parts of expressions that fail for some of the values that contracts admit.

Few operators and functions accept null, and text does not; some values of a path with several types
may not be accepted where they are used; integers are not divided by zero; and a field of a macro's
variable may be absent, and so may a key of a map literal. What a condition on the way tests for is
known to be there. Nothing is reported of what it compares in other ways, nor of the items that a
`filter` has chosen.
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.assembly import TooLarge, self_contained
from agentflow.contracts.describe import excerpt, listed
from agentflow.contracts.keywords import TYPES
from agentflow.contracts.shape import types_of
from agentflow.lint.comparisons import values
from agentflow.lint.conditions import proven
from agentflow.lint.macro_variables import Variables
from agentflow.lint.mixed_types import is_mixed, refused_of
from agentflow.lint.operands import Operands
from agentflow.plan.fields import part_of
from agentflow.plan.limits import Limit
from agentflow.plan.narrowing import NOTHING_GIVEN, Given
from agentflow.plan.numbers import number_of, range_of_contract
from agentflow.plan.schemas import Contract, alternatives, shortest_list
from agentflow.spec.cel.functions import FUNCTIONS, Kinds
from agentflow.spec.cel.logic import ReadPath, compared, together, way_of
from agentflow.spec.cel.signatures import ANY, BOOL, ELEMENTS, NUMBER, OPERATORS
from agentflow.spec.cel.syntax import (
    Binary,
    BinaryOperator,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Identifier,
    Index,
    Literal,
    MapLiteral,
    Path,
    Select,
    Unary,
    parts,
    spine,
)
from agentflow.spec.cel.values import Kind, equality_key
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

_EVERY = frozenset(TYPES)
#: Operators that take null on both sides.
_EQUALITY = ("==", "!=")


class Risk(StrEnum):
    """What a value may be that makes an expression fail."""

    NULL = "null"
    TYPE = "type"
    ZERO = "zero"
    ABSENT = "absent"
    KEY = "key"


class Doubt(Struct, frozen=True):
    """A part of an expression that may be what it must not be.

    `refused` says of null, of zero and of a type what does not take it: `which '>' does not take`.
    `variable` says that the part is read of a macro's variable, so that no condition outside of the
    expression is on it. `may_be` names the types, or the values, that are refused.
    """

    part: Expr
    risk: Risk
    refused: str = ""
    variable: bool = False
    may_be: str = ""


class Walk(Struct, frozen=True):
    """One walk over an expression: what is `given` on the way to a part of it, and what `exists`.

    `exact` are the variables of macros that come to all that their types allow.
    """

    scope: Variables
    given: Given = NOTHING_GIVEN
    exists: frozenset[ReadPath] = frozenset()
    exact: frozenset[str] = frozenset()

    def of(self, expr: Expr) -> Iterator[Doubt]:
        """All doubts about the parts of an expression; not about its value itself."""
        match expr:
            case Identifier() | Select() | Index():
                yield from self._path(expr)
            case Has():
                return
            case Default(_, last) | Coalesce(_, last):
                yield from self.of(last)
            case Comprehension(macro, source, _, body):
                yield from self.of(source)
                yield from self.value(source, f"{quoted(macro)} does not go through", ELEMENTS)
                inner = self._inside(expr)
                yield from inner.of(body)
                if macro != "map":
                    yield from inner.value(body, f"{quoted(macro)} does not take", BOOL)
            case Conditional(condition, then, otherwise):
                yield from self.of(condition)
                yield from self.value(condition, "'?' does not take", BOOL)
                yield from self._assuming(condition, True).of(then)
                yield from self._assuming(condition, False).of(otherwise)
            case Binary("&&" | "||"):
                yield from self._logic(expr)
            case _:
                for part in parts(expr):
                    yield from self.of(part)
                yield from self._operands(expr)

    def value(self, expr: Expr, refused: str, taken: Kinds) -> Iterator[Doubt]:
        """The doubts whether a value is null, or of none of the kinds that are taken, where that is refused."""
        match expr:
            case Conditional(condition, then, otherwise):
                yield from self._assuming(condition, True).value(then, refused, taken)
                yield from self._assuming(condition, False).value(otherwise, refused, taken)
            case Default(path, last):
                yield from self.value(path, refused, taken)
                yield from self.value(last, refused, taken)
            case Identifier() | Select() | Index():
                is_variable = self._variable(expr) is not None
                if self._may_be_null(expr):
                    yield Doubt(expr, Risk.NULL, f"which {refused}", is_variable)
                found = self._of_path(expr)
                others = refused_of(found, taken) if found is not None else ""
                if others and self._is_exact(expr) and not self._is_told_apart(expr):
                    yield Doubt(expr, Risk.TYPE, f"which {refused}", is_variable, others)

    def _logic(self, expr: Binary) -> Iterator[Doubt]:
        """The sides of `&&` and `||`, of which the one that decides makes up for an error on the other.

        A chain of them is gone through from its end for what is asked later, and from its start for
        what holds before.
        """
        truth = expr.operator == "&&"
        sides, rest = list[Expr](), expr.left
        sides.append(expr.right)
        while isinstance(rest, Binary) and rest.operator == expr.operator:
            sides.append(rest.right)
            rest = rest.left
        sides.append(rest)
        asked = [self]
        for side in sides[:-1]:
            walk = asked[-1]
            for part, holds in together(side, truth):
                if isinstance(part, Has) or _asks_for_null(part):
                    walk = walk._assuming(part, holds)
            asked.append(walk)
        before = Walk(self.scope)
        for side, later in zip(reversed(sides), reversed(asked), strict=True):
            walk = later._also(before)
            yield from walk.of(side)
            yield from walk.value(side, f"{quoted(expr.operator)} does not take", BOOL)
            before = before._assuming(side, truth)

    def _operands(self, expr: Expr) -> Iterator[Doubt]:
        match expr:
            case Unary(operator, operand):
                taken = BOOL if operator == "!" else NUMBER
                yield from self.value(operand, f"{quoted(operator)} does not take", taken)
            case Binary("in", _, right):
                yield from self.value(right, "'in' does not look into", ELEMENTS)
            case Binary(operator, left, right) if operator not in _EQUALITY:
                for side, other in ((left, right), (right, left)):
                    taken = self._taken_beside(operator, other) if self._is_mixed(side) else ANY
                    yield from self.value(side, f"{quoted(operator)} does not take", taken)
                if operator in "/%":
                    yield from self._divisor(right, operator)
            case Call(name, args):
                for arg, kinds in zip(args, FUNCTIONS[name].parameters, strict=False):
                    if "null" not in kinds:
                        yield from self.value(arg, f"{quoted(name)} does not take", kinds)

    def _divisor(self, expr: Expr, operator: str) -> Iterator[Doubt]:
        """The doubt whether a whole number is zero, where its contract speaks of where it ends.

        So it is with any number for which zero stands in where it is absent.
        """
        match expr:
            case Call("double", (inner,)):
                yield from self._divisor(inner, operator)
                return
            case Default(path, last) if number_of(last) == 0:
                may_be, size = True, False
            case Call("size", (Identifier() | Select() | Index() as path,)):
                found = self.scope.of(path)
                is_list = found is not None and types_of(found.schema, found.root) == {"array"}
                may_be = found is not None and is_list and not shortest_list(found.schema)
                size = True
            case Identifier() | Select() | Index() as path:
                found = self.scope.of(path)
                span = range_of_contract(found) if found is not None else None
                may_be = span is not None and span.whole and span.low <= 0 <= span.high
                may_be = may_be and span is not None and span.low > float("-inf")
                size = False
            case _:
                return
        if may_be and not self._is_ruled_out(path, 0, size=size):
            refused = f"by which {quoted(operator)} has no value"
            yield Doubt(expr, Risk.ZERO, refused, self._variable(path) is not None)

    def _path(self, path: Path) -> Iterator[Doubt]:
        """The doubt whether a field of a variable is there, and those about computed indices."""
        nodes = spine(path)
        for node in nodes:
            if isinstance(node, Index) and not isinstance(node.key, Literal):
                yield from self.of(node.key)
        if not isinstance(nodes[-1], Identifier):
            yield from self.of(nodes[-1])
            if isinstance(nodes[-1], MapLiteral) and isinstance(nodes[-2], Index):
                yield from self._key(nodes[-2].key, nodes[-1])
            return
        root, way = way_of(path)
        found = self._variable(path)
        for count, step in enumerate(way, start=1):
            if found is None or step is None:
                return
            part = part_of(found, step)
            if part.lack == "optional":
                asked = part.case or part.what
                spoken_of = asked and self.given.compares(root, ())
                known = any(
                    root == one and read[:count] == way[:count] for one, read in self.exists
                )
                if not known:
                    if not spoken_of:
                        yield Doubt(path, Risk.ABSENT, variable=True)
                    return
            found = part.inside

    def _key(self, key: Expr, looked_up: MapLiteral) -> Iterator[Doubt]:
        """The doubt whether a map that is written out has the key that a choice of texts comes to."""
        path = key.path if isinstance(key, Default) else key
        choices = values(key, self.scope) if isinstance(path, Path) else None
        names = [values(name, self.scope) for name, _ in looked_up.entries]
        if choices is None or not isinstance(path, Path) or None in names:
            return
        there = {equality_key(name) for each in names for name in each or ()}
        missing = [one for one in choices if one is not None and equality_key(one) not in there]
        missing = [one for one in missing if not self._is_ruled_out(path, one)]
        if missing:
            may_be = listed(map(excerpt, missing), "or")
            yield Doubt(key, Risk.KEY, "", self._variable(path) is not None, may_be)

    def _of_path(self, path: Path) -> Contract | None:
        return self.scope.of(path) if isinstance(spine(path)[-1], Identifier) else None

    def _is_mixed(self, side: Expr) -> bool:
        """May a value be of one type or another, so that it matters what stands on the other side?"""
        match side:
            case Conditional(_, one, other) | Default(one, other):
                return self._is_mixed(one) or self._is_mixed(other)
            case Identifier() | Select() | Index():
                found = self._of_path(side)
                return found is not None and is_mixed(found)
        return False

    def _taken_beside(self, operator: BinaryOperator, other: Expr) -> Kinds:
        """The kinds that an operator takes where the other side is as it is; it takes two of a kind."""
        there = Operands().of(other, self.scope)
        pairs = OPERATORS[operator]
        return frozenset[Kind]().union(*(one for one, another in pairs if another & there)) or ANY

    def _is_told_apart(self, path: Path) -> bool:
        """Does a condition look at a value, or at what stands beside it, which may say of what type it is?"""
        root, way = way_of(path)
        variable = self.scope.known.get(root) is not None
        return None in way or self.given.compares(root, () if variable else way[:-1])

    def _may_be_null(self, path: Path) -> bool:
        found = self._of_path(path)
        if found is None:
            return False
        types = types_of(found.schema, found.root)
        if "null" not in types or types in (_EVERY, {"null"}):
            return False
        return not self._is_ruled_out(path, None)

    def _is_ruled_out(self, path: Path, value: Json, *, size: bool = False) -> bool:
        """Is a value excluded by what is given, or may it be?"""
        root, way = way_of(path)
        if None in way:
            return True  # no condition can be told to be on just this
        if any(
            _is_on(limit, root, way, size) and not limit.fulfilled_by(value)
            for limit in self.given.limits
        ):
            return True
        variable = self.scope.known.get(root)
        tells_apart = variable is not None and _has_alternatives(variable)
        return self.given.compares(root, () if tells_apart else way)

    def _inside(self, macro: Comprehension) -> "Walk":
        """The same in the body of a macro; of items that were chosen nothing is known."""
        inner = self.scope.inside(macro)
        if _chooses(macro.source):
            inner = replace(inner, known={**inner.known, macro.variable: None})
        exact = self.exact - {macro.variable}
        if self._is_exact(macro.source):
            exact |= {macro.variable}
        return replace(self, scope=inner, exact=exact)

    def _is_exact(self, expr: Expr) -> bool:
        """Can a value come to all that its type allows? What an operator made need not."""
        start = spine(expr)[-1] if isinstance(expr, Identifier | Select | Index) else None
        if not isinstance(start, Identifier):
            return False
        if start.name in self.scope.known:
            return start.name in self.exact
        return self.scope.types.exact(expr, self.scope.place)

    def _variable(self, path: Path) -> Contract | None:
        root = way_of(path)[0]
        return self.scope.known.get(root)

    def _also(self, other: "Walk") -> "Walk":
        """The same with what is given and exists elsewhere."""
        given = Given(
            self.given.limits | other.given.limits, self.given.compared | other.given.compared
        )
        return replace(self, given=given, exists=self.exists | other.exists)

    def _assuming(self, condition: Expr, truth: bool) -> "Walk":
        return replace(
            self,
            given=self.given.assuming(condition, truth),
            exists=self.exists.union(proven(condition, truth)),
        )


def _is_on(limit: Limit, root: str, way: tuple[str | int | None, ...], size: bool) -> bool:
    subject = limit.subject
    return subject.root == root and subject.way == way and subject.size == size


def _has_alternatives(variable: Contract) -> bool:
    try:
        return alternatives(self_contained(variable.schema, variable.root))
    except TooLarge:
        return True


def _asks_for_null(part: Expr) -> bool:
    found = compared(part)
    return found is not None and isinstance(found.other, Literal) and found.other.value is None


def _chooses(source: Expr) -> bool:
    """Are the items of a list those that a `filter` has let through?"""
    while isinstance(source, Comprehension):
        if source.macro == "filter":
            return True
        source = source.source
    return False
