"""How far a field of a loop's state can get in all iterations: a counter, a growing list or text.

If `next` computes a field from the field itself, by `+` and `-`, `? :` and templates, each
iteration is followed from the first value: for a number its range, for a list or a text its length.
An iteration continues only if `until` is false, so what that says about the field holds before each
`next`.
"""

from math import inf

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.keywords import Schema
from agentflow.contracts.kinds import kinds_of, schema_of_kinds
from agentflow.contracts.shape import types_of
from agentflow.plan import address
from agentflow.plan.limits import Limit
from agentflow.plan.loop_states import Shaping, entry
from agentflow.plan.narrowing import NOTHING_GIVEN, Given
from agentflow.plan.numbers import Range, around, meet, range_of_contract
from agentflow.plan.resolution import resolved
from agentflow.plan.schemas import ANYTHING, Contract, past_references
from agentflow.plan.shape_kinds import Inside, Items, Shape, either
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.signatures import NUMBER
from agentflow.spec.cel.syntax import (
    Binary,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Select,
    parts,
)
from agentflow.spec.expressions import references
from agentflow.spec.templates import Text, Whole, template_expressions

#: Of more iterations the last is not worked out: what still grows then has no end.
_MOST_ROUNDS = 100
_SIZES = {"array": ("minItems", "maxItems"), "string": ("minLength", "maxLength")}


class _Measure(Struct, frozen=True):
    """A number, or how many items a list, or characters a text has; `items` are what is in a list.

    Of a number, `kinds` are whether it is an int or a double. Not `exact` if a condition chose it.
    """

    kind: str
    span: Range
    items: tuple[Shape, ...] = ()
    exact: bool = True
    kinds: Kinds = NUMBER


def grown(shapes: Shaping, step: StepPlan, name: str) -> Shape | None:
    """What a field of the state can be in any iteration; None if `next` computes it otherwise."""
    assert step.loop is not None
    first, then = (entry(one, name) for one in (step.loop.state, step.loop.next))
    if first is None or not isinstance(then, Whole | Text) or not _is_made_of(then, name):
        return None
    until = NOTHING_GIVEN
    if step.loop.until is not None:
        until = until.assuming(step.loop.until, False)
    round_ = _Round(shapes, address.iteration(step.address), ("state", name), step.loop.max, until)
    start = round_.measure(shapes.of(first, step.address))
    whole = round_.all_of(start, then) if start is not None else None
    return None if whole is None else _as_shape(whole)


class _Round(Struct, frozen=True):
    """One iteration: where it is, the field that is followed, and what `until` said.

    `same` are the parts of `next` that are the same in each, by their identity.
    """

    shapes: Shaping
    place: str
    way: tuple[str, str]
    most: int
    until: Given
    same: dict[int, _Measure | None] = field(default_factory=dict)

    def all_of(self, start: _Measure, then: Whole | Text) -> _Measure | None:
        """What there is in any iteration; it begins with `start`."""
        whole, now = start, start
        for _ in range(min(self.most - 1, _MOST_ROUNDS)):
            before = self._left_by(now, self.until)
            if before.span.is_empty:
                break
            following = self._of(then, before)
            both = _either(whole, following)
            if following is None or both is None:
                return None
            if following.span == now.span:
                whole = both
                break
            whole, now = both, following
        else:
            if self.most - 1 > _MOST_ROUNDS:
                low = whole.span.low if now.span.low >= start.span.low else -inf
                high = whole.span.high if now.span.high <= start.span.high else inf
                whole = replace(whole, span=Range(low, high, whole=whole.span.whole))
        told = bool(self.until.on("loop", self.way))
        asked = self.until.compares("loop", self.way)
        return whole if told or not asked else replace(whole, exact=False)

    def measure(self, shape: Shape) -> _Measure | None:
        """Of a value that is not made of the field."""
        found = resolved(self.shapes, shape)
        if isinstance(found, Items):
            most = inf if found.most is None else found.most
            span = Range(found.least, most, whole=True)
            return _Measure("array", span, (found.item,), found.exact)
        if not isinstance(found, Contract):
            return None
        numbers = range_of_contract(found)
        if numbers is not None:
            of_number = kinds_of(found.schema, found.root)
            return _Measure("number", numbers, exact=found.exact, kinds=of_number)
        own = past_references(found)
        kinds = types_of(own, found.root)
        if not isinstance(own, dict) or len(kinds) != 1 or not kinds <= _SIZES.keys():
            return None
        (kind,) = kinds
        if "const" in own or "enum" in own:
            sizes = [len(one) for one in own.get("enum", [own.get("const")])]
            span = Range(min(sizes), max(sizes), whole=True)
        else:
            least, most_ = _SIZES[kind]
            span = Range(own.get(least, 0), own.get(most_, inf), whole=True)
        items = (Inside(found, (SOME_ITEM,)),) if kind == "array" and span.high > 0 else ()
        return _Measure(kind, span, items, found.exact)

    def _of(self, then: Whole | Text, now: _Measure) -> _Measure | None:
        """What `next` makes of the field as it is now."""
        if isinstance(then, Whole):
            return self._expression(then.expr, now)
        found: _Measure | None = _Measure("string", Range(0, 0, whole=True))
        for part in then.parts:
            size = len(part) if isinstance(part, str) else 0
            other: _Measure | None = _Measure("string", Range(size, size, whole=True))
            if not isinstance(part, str):
                other = self._expression(part.expr, now)
            if found is None or other is None or other.kind != "string":
                return None
            found = _sum(found, other)
        return found

    def _expression(self, expr: Expr, now: _Measure) -> _Measure | None:
        if id(expr) in self.same:
            return self.same[id(expr)]
        match expr:
            case Identifier() | Select() | Index() if self._is_field(expr):
                return now
            case Identifier() | Select() | Index() if _way(expr) == ("loop", ("index",)):
                span = Range(0, self.most - 1, whole=True)
                return _Measure("number", span, exact=False, kinds=frozenset({"int"}))
            case Binary("+" | "-" as operator, left, right):
                one, other = self._expression(left, now), self._expression(right, now)
                if one is None or other is None or one.kind != other.kind:
                    return None
                if operator == "+":
                    return _sum(one, other)
                return _sum(one, _turned(other)) if one.kind == "number" else None
            case Conditional(condition, then, otherwise):
                sides = [
                    self._expression(side, here)
                    for side, truth in ((then, True), (otherwise, False))
                    if not (here := self._left_where(condition, truth, now)).span.is_empty
                ]
                found = _either(sides[0], sides[-1]) if sides else None
                return None if found is None else replace(found, exact=False)
            case Default(path, last) if self._is_field(path):
                return _either(now, self._expression(last, now))
            case ListLiteral(items):
                if any(_reads_state(item) for item in items):
                    return None
                shapes = tuple(self.shapes.of(item, self.place) for item in items)
                size = Range(len(items), len(items), whole=True)
                self.same[id(expr)] = _Measure("array", size, shapes)
                return self.same[id(expr)]
            case _ if not _reads_state(expr):
                self.same[id(expr)] = self.measure(self.shapes.of(expr, self.place))
                return self.same[id(expr)]
        return None

    def _left_where(self, condition: Expr, truth: bool, now: _Measure) -> _Measure:
        return self._left_by(now, NOTHING_GIVEN.assuming(condition, truth))

    def _left_by(self, now: _Measure, given: Given) -> _Measure:
        """What is left of the field where limits hold."""
        span = now.span
        for limit in given.on("loop", self.way):
            if limit.subject.way == self.way and limit.subject.size != (now.kind == "number"):
                span = _limited(span, limit)
        return replace(now, span=span)

    def _is_field(self, path: Expr) -> bool:
        return _way(path) == ("loop", self.way)


def _limited(span: Range, limit: Limit) -> Range:
    """What a limit leaves of a range; of one number that is ruled out, only at its ends."""
    numbers = [one for one in limit.among or () if isinstance(one, int | float)]
    if limit.turned and len(numbers) == 1 and not isinstance(numbers[0], bool):
        (number,) = numbers
        if span.low == number:
            return meet(span, Range(low=number, low_open=True))
        return meet(span, Range(high=number, high_open=True)) if span.high == number else span
    return span if limit.turned else meet(span, limit.span)


def _way(path: Expr) -> tuple[str, tuple[str | int | None, ...]] | None:
    found = references(path)
    return (found[0].root, found[0].path) if len(found) == 1 else None


def _reads_state(expr: Expr) -> bool:
    return any(one.root == "loop" for one in references(expr))


def _is_made_of(then: Whole | Text, name: str) -> bool:
    """Is something added to this field of the state, or taken from it?"""
    pending = [expr for _, _, expr in template_expressions(then)]
    while pending:
        expr = pending.pop()
        adds = isinstance(then, Text) or (isinstance(expr, Binary) and expr.operator in ("+", "-"))
        if adds and ("state", name) in (one.path for one in references(expr) if one.root == "loop"):
            return True
        pending.extend(parts(expr))
    return False


def _sum(one: _Measure, other: _Measure) -> _Measure:
    a, b = one.span, other.span
    span = Range(
        a.low + b.low,
        a.high + b.high,
        a.low_open or b.low_open,
        a.high_open or b.high_open,
        a.whole and b.whole,
    )
    items = (*one.items, *(item for item in other.items if item not in one.items))
    kinds = one.kinds & other.kinds or one.kinds
    return _Measure(one.kind, span, items, one.exact and other.exact, kinds)


def _turned(one: _Measure) -> _Measure:
    """A number with its sign turned."""
    span = one.span
    return replace(
        one, span=Range(-span.high, -span.low, span.high_open, span.low_open, span.whole)
    )


def _either(one: _Measure | None, other: _Measure | None) -> _Measure | None:
    if one is None or other is None or one.kind != other.kind:
        return None
    span = around(one.span, other.span)
    assert span is not None
    items = (*one.items, *(item for item in other.items if item not in one.items))
    return _Measure(one.kind, span, items, one.exact and other.exact, one.kinds | other.kinds)


def _as_shape(whole: _Measure) -> Shape:
    low, high = whole.span.low, whole.span.high
    if whole.kind == "array":
        item = either(list(whole.items)) if whole.items else ANYTHING
        return Items(item, int(low), None if high == inf else int(high), whole.exact)
    names = _SIZES.get(whole.kind, ("minimum", "maximum"))
    schema: dict[str, Schema] = (
        {"type": "string"} if whole.kind == "string" else schema_of_kinds(whole.kinds)
    )
    if low > (0 if whole.kind == "string" else -inf):
        schema[names[0]] = low
    if high < inf:
        schema[names[1]] = high
    return Contract(schema, True, whole.exact and whole.kind == "string")
