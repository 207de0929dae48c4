"""What an expression comes to: a walk of its tree over a scope of JSON values.

The answer depends on the expression and the scope alone. It takes a bounded number of steps and
characters, whatever the expression and the data. Absence is never a value: what does not exist
is an error, except where `has`, `default` or `coalesce` ask for it. A part of a path that is null
has no fields, so what lies behind it does not exist either.

`&&` and `||` are CEL's: `false && x` is false and `true || x` is true even where x is an error, on
either side. `all` and `exists` are chains of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any

from agentflow.spec.cel.functions import FUNCTIONS, apply
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Path,
    Select,
    Unary,
    spine,
)
from agentflow.spec.cel.values import (
    Absent,
    Exhausted,
    Meter,
    Missing,
    Refused,
    calculate,
    compare,
    contains,
    elements,
    equal,
    field_of,
    kind_of,
    negate,
    plain,
    text_of,
    weight,
)
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

__all__ = ["BUDGET", "Absent", "Evaluation", "EvaluationError", "evaluate"]

#: The steps that one evaluation may take.
BUDGET = 100_000


class EvaluationError(ValueError):
    """An expression has no value over this scope.

    `message` is one line; `start` and `end` are offsets into the text of the expression, the end
    exclusive. In a template, `path` leads to the string that the offsets count in.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.path: tuple[str | int, ...] = ()


class _NotThere(EvaluationError):
    """Something does not exist; `node` is the part of the expression that asked for it."""

    def __init__(self, message: str, node: Expr) -> None:
        super().__init__(message, node.start, node.end)
        self.node = node


class _UsedUp(EvaluationError):
    """A bound was reached: the one error that `&&` and `||` do not absorb."""


def evaluate(expr: Expr, scope: Mapping[str, Json], *, budget: int = BUDGET) -> Json:
    """The value of an expression over a scope, which maps each root to its value.

    A value of the scope may be a lazy `Mapping`, whose `__getitem__` can raise `Absent` with the
    reason why something does not exist. One that is the result is read in full and copied; other
    results share their parts with the scope and must not be changed.

    Raises `EvaluationError`, and nothing else.
    """
    return Evaluation(scope, Meter(budget)).result(expr)


class Evaluation:
    """One walk: the scope, the variables of the comprehensions around, and what may be used."""

    __slots__ = ("_built", "_meter", "_scope", "_variables")

    def __init__(self, scope: Mapping[str, Json], meter: Meter) -> None:
        self._scope = scope
        self._variables: dict[str, Json] = {}
        self._meter = meter
        #: Whether a list or a map was built, which may hold the same value many times.
        self._built = False

    def result(self, expr: Expr) -> Json:
        """The value of a whole expression, which is never a lazy mapping."""
        value = self._value(expr)
        try:
            value = self._kept(value)
            if self._built and isinstance(value, list | dict):
                self._meter.build(weight(value, {}))
        except Refused as refused:
            raise _located(refused, expr) from None
        return value

    def text(self, expr: Expr) -> str:
        """The value of a whole expression as a part of a text, which a scalar can be."""
        value = self._value(expr)
        try:
            return text_of(value, self._meter)
        except Refused as refused:
            raise _located(refused, expr) from None

    def _value(self, node: Expr) -> Json:
        meter = self._meter
        meter.steps -= 1
        try:
            if meter.steps < 0:
                meter.spend(0)
            return _RULES[type(node)](self, node)
        except Refused as refused:
            raise _located(refused, node) from None

    def _kept(self, value: Json) -> Json:
        """A value that is to outlive this walk, or to become part of a list or a map."""
        return value if type(value) in _PLAIN else plain(value, self._meter)

    # One rule for each kind of node.

    def _literal(self, node: Literal) -> Json:
        return node.value

    def _identifier(self, node: Identifier) -> Json:
        if node.name in self._variables:
            return self._variables[node.name]
        return field_of(self._scope, node.name, lambda: f"{quoted(node.name)} is not known here")

    def _select(self, node: Select) -> Json:
        operand = self._value(node.operand)
        if type(operand) is dict and node.field in operand:  # nearly always
            return operand[node.field]
        return _field(node, operand, node.field)

    def _index(self, node: Index) -> Json:
        operand = self._value(node.operand)
        key = self._value(node.key)
        if kind_of(operand) != "list":
            return _field(node, operand, key)
        position = _position(key)
        if 0 <= position < len(operand):
            return operand[position]
        raise Missing(f"{_name(node.operand)} has no item {position}, its size is {len(operand)}")

    def _call(self, node: Call) -> Json:
        args = [self._value(arg) for arg in node.args]
        return apply(FUNCTIONS[node.function], args, self._meter)

    def _unary(self, node: Unary) -> Json:
        if node.operator == "!":
            return not self._condition(node.operand)
        return negate(self._value(node.operand))

    def _binary(self, node: Binary) -> Json:
        symbol = node.operator
        if symbol in ("&&", "||"):
            return self._logic(node, decisive=symbol == "||")
        left, right = self._value(node.left), self._value(node.right)
        if symbol == "==":
            return equal(left, right, self._meter)
        if symbol == "!=":
            return not equal(left, right, self._meter)
        if symbol == "in":
            return contains(right, left, self._meter)
        if symbol in ("<", "<=", ">", ">="):
            return compare(symbol, left, right, self._meter)
        self._built = self._built or isinstance(left, list)
        return calculate(symbol, left, right, self._meter)

    def _logic(self, node: Binary, *, decisive: bool) -> bool:
        left = self._attempt(node.left)
        if left is decisive:
            return decisive
        right = self._attempt(node.right)
        if right is decisive:
            return decisive
        error = left if isinstance(left, EvaluationError) else right
        if not isinstance(error, EvaluationError):
            return not decisive
        try:
            raise error
        finally:
            del (
                left,
                right,
                error,
            )  # it keeps this frame: a circle that only the collector would end

    def _conditional(self, node: Conditional) -> Json:
        return self._value(node.then if self._condition(node.condition) else node.otherwise)

    def _list(self, node: ListLiteral) -> Json:
        self._built = True
        return [self._kept(self._value(item)) for item in node.items]

    def _map(self, node: MapLiteral) -> Json:
        self._built = True
        result = {}
        for key_node, value_node in node.entries:
            key = self._value(key_node)
            if kind_of(key) != "string":
                raise Refused(f"a key of a map is a string, found {kind_of(key)}")
            if key in result:
                raise Refused(f"the map has two fields {quoted(key)}")
            result[key] = self._kept(self._value(value_node))
        return result

    # What looks at existence.

    def _lookup(self, path: Path) -> Json:
        """What a path leads to, or `_NOTHING` if a part of it does not exist."""
        try:
            return self._value(path)
        except _NotThere as absence:
            # Absence elsewhere, as in an index of the path, is an error as ever.
            if any(absence.node is part for part in spine(path) if isinstance(part, Path)):
                return _NOTHING
            raise

    def _has(self, node: Has) -> bool:
        return self._lookup(node.path) is not _NOTHING

    def _default(self, node: Default) -> Json:
        value = self._lookup(node.path)
        return self._value(node.fallback) if value is _NOTHING else value

    def _coalesce(self, node: Coalesce) -> Json:
        for path in node.paths:
            value = self._lookup(path)
            if value is not _NOTHING:
                return value
        return self._value(node.last)

    # Comprehensions.

    def _comprehension(self, node: Comprehension) -> Json:
        items = elements(self._value(node.source))
        outer = self._variables
        self._variables = dict(outer)
        try:
            return self._fold(node, self._bind(node.variable, items))
        finally:
            self._variables = outer

    def _bind(self, variable: str, items: Iterator[Json]) -> Iterator[Json]:
        """Gives the variable one item after the other, and yields them."""
        variables = self._variables
        for item in items:
            self._meter.spend(1)
            variables[variable] = item
            yield item

    def _fold(self, node: Comprehension, items: Iterator[Json]) -> Json:
        self._built |= node.macro in ("map", "filter")
        body = node.body
        match node.macro:
            case "map":
                return [self._kept(self._value(body)) for _ in items]
            case "filter":
                return [self._kept(item) for item in items if self._condition(body)]
            case "exists_one":
                return sum(self._condition(body) for _ in items) == 1
            case "exists" | "all":
                return self._quantified(body, items, decisive=node.macro == "exists")

    def _quantified(self, body: Expr, items: Iterator[Json], *, decisive: bool) -> bool:
        error = None
        for _ in items:
            outcome = self._attempt(body)
            if outcome is decisive:
                return decisive
            if isinstance(outcome, EvaluationError):
                error = error or outcome
        if error is None:
            return not decisive
        try:
            raise error
        finally:
            del outcome, error  # it keeps this frame, as in `_logic`

    # Conditions.

    def _condition(self, node: Expr) -> bool:
        value = self._value(node)
        if not isinstance(value, bool):
            raise EvaluationError(f"expected bool, found {kind_of(value)}", node.start, node.end)
        return value

    def _attempt(self, node: Expr) -> bool | EvaluationError:
        """A condition or what is wrong with it."""
        try:
            return self._condition(node)
        except _UsedUp:
            raise
        except EvaluationError as error:
            return error


_NOTHING = object()
_PLAIN = frozenset({dict, list, str, bool, int, float, NoneType})
_RULES: Mapping[type, Callable[[Evaluation, Any], Json]] = {
    Literal: Evaluation._literal,
    Identifier: Evaluation._identifier,
    Select: Evaluation._select,
    Index: Evaluation._index,
    Call: Evaluation._call,
    Unary: Evaluation._unary,
    Binary: Evaluation._binary,
    Conditional: Evaluation._conditional,
    ListLiteral: Evaluation._list,
    MapLiteral: Evaluation._map,
    Comprehension: Evaluation._comprehension,
    Has: Evaluation._has,
    Default: Evaluation._default,
    Coalesce: Evaluation._coalesce,
}


def _located(refused: Refused, node: Expr) -> EvaluationError:
    """The error that says what was refused, and where."""
    if isinstance(refused, Missing):
        return _NotThere(refused.message, node)
    error = _UsedUp if isinstance(refused, Exhausted) else EvaluationError
    return error(refused.message, node.start, node.end)


def _field(node: Select | Index, operand: Json, key: Json) -> Json:
    """The field of a map. Raises `Missing` if it does not exist, `Refused` if it cannot."""
    kind = kind_of(operand)
    if kind == "null":
        raise Missing(f"{_name(node.operand)} is null, which has neither fields nor items")
    if kind != "map":
        raise Refused(f"{_name(node.operand)} has no fields, it is of type {kind}")
    if kind_of(key) != "string":
        raise Refused(f"a key of a map is a string, found {kind_of(key)}")
    return field_of(operand, key, lambda: f"{_name(node.operand)} has no field {quoted(key)}")


def _position(key: Json) -> int:
    """An index of a list: an int, or a double without a fraction, as JSON may deliver it."""
    kind = kind_of(key)
    if kind == "int" or (kind == "double" and key.is_integer()):
        return int(key)
    raise Refused(f"an index of a list is an int, found {kind}")


def _name(node: Expr) -> str:
    """A path in quotes, as it may be written, for a message."""
    parts: list[str] = []
    for part in spine(node):
        match part:
            case Identifier(name):
                parts.append(name)
            case Select(_, field):
                parts.append(f".{field}")
            case Index(_, Literal(str() | int() as key)):
                parts.append(f"[{json.dumps(key, ensure_ascii=False)}]")
            case Index():
                parts.append("[…]")
            case _:
                return "the value"
    return quoted("".join(reversed(parts)))
