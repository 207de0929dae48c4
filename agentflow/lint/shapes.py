"""What is certain about the values that references lead to.

A contract says it of an agent's output and of the inputs; a template says it of the output of a
group, of a switch and of an item. `Shapes.of_use` follows a reference through both and tells which
of its parts exist for certain, which may be absent, and which never exist. What cannot be told is
left open: a rule that finds nothing here keeps silent.

All traces together take a number of steps that is linear in the number of references, so a spec
cannot make the linter slow: what would take more is left open.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from agentflow.lint.schemas import (
    ANYTHING,
    SOME_ITEM,
    UNKNOWN,
    Contract,
    Lack,
    Part,
    constant,
    part_of,
    typed,
    values_of,
)
from agentflow.plan import address
from agentflow.plan.steps import ForEachPlan, Plan, ScopePlan, StepPlan, Use
from agentflow.spec.functions import FUNCTIONS
from agentflow.spec.syntax import (
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
    Literal,
    MapLiteral,
    Select,
    Unary,
    spine,
)
from agentflow.spec.templates import Constant, ListOf, MapOf, Template, Text, Whole

#: A way through a value: fields, indices, and None where an index is computed.
Steps: TypeAlias = tuple[str | int | None, ...]
Written: TypeAlias = Template | Expr

#: How many parts one trace looks at before it gives up, and all traces of a spec together.
_MOST_PARTS = 200
_MOST_PARTS_A_REFERENCE = 20
_BOOLEAN_OPERATORS = frozenset({"||", "&&", "==", "!=", "<", "<=", ">", ">=", "in"})
_TYPES = {"bool": "boolean", "double": "number", "int": "integer", "list": "array"}
#: How a step ends that others can read: what fails without `catch` ends the scope.
_STATUS = Contract({"enum": ["succeeded", "skipped"]}, True)


@dataclass(frozen=True, slots=True)
class Fields:
    """A map that the author wrote; its values are read where `place` is."""

    entries: Mapping[str, Written]
    place: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list whose items all look like this."""

    item: "Shape"


@dataclass(frozen=True, slots=True)
class Either:
    """One of several, each with the words for when it is that one: `case 'refund'`."""

    options: tuple[tuple[str, "Shape"], ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """What a path leads to that is read where `place` is."""

    root: str
    steps: Steps
    place: str


Shape: TypeAlias = Contract | Fields | Items | Either | Alias


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a path that does not exist, or need not: its index in the path, and why.

    `known` are the fields that are there, `what` is what has no fields at all, and `case` says
    when it is so, if that is not always.
    """

    at: int
    lack: Lack
    known: tuple[str, ...]
    what: str
    case: str


@dataclass(slots=True)
class Trace:
    """Where a path leads: the values it may come to, and what is missing on the way.

    `certain` is false as soon as anything could not be told.
    """

    ends: list[Shape] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    certain: bool = True

    @property
    def leads_nowhere(self) -> bool:
        """Is there no way at all to get a value by this path?"""
        return (
            self.certain
            and not self.ends
            and bool(self.gaps)
            and all(gap.lack == "never" for gap in self.gaps)
        )


class Shapes:
    """The shapes of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left = _MOST_PARTS + _MOST_PARTS_A_REFERENCE * len(plan.uses)
        self._traces: dict[object, Trace] = {}
        self._outputs: dict[str, Shape] = {}
        #: Parts of the plan's contracts, by the identity of the schema, which the plan keeps.
        self._parts: dict[tuple[int, str | int], Part] = {}

    def of_use(self, use: Use) -> Trace:
        """Where a reference leads; traced once, however many rules ask."""
        path = use.reference.path
        key: object = id(use)
        start: Shape
        if use.target is not None and path[1:2] == ("output",):
            start, before = self._output(use.target), 2
            if isinstance(start, Contract) and start.root is not True:
                key = (id(start.schema), path[2:])  # the same for all who read this contract
        else:
            start, before = Alias(use.reference.root, (), _place_of(use, self._plan.steps)), 0
        trace = self._traces.get(key)
        if trace is None:
            trace = self._traces[key] = self._trace(start, path[before:], before)
        return trace

    def labels(self, written: Written, place: str) -> tuple[str, ...] | None:
        """The labels that a switch over this value can come to; None if they are not known."""
        trace = self._trace(self._of(written, place), ())
        labels: dict[str, None] = {}
        for end in trace.ends:
            values = values_of(end) if isinstance(end, Contract) else None
            if values is None:
                return None
            labels.update((_label(value), None) for value in values if isinstance(value, str | int))
        return tuple(labels) if trace.certain and labels else None

    # --- what is there -----------------------------------------------------------------------

    def _of(self, written: Written, place: str) -> Shape:
        """The shape of what the author wrote, read where `place` is."""
        match written:
            case Whole(expr):
                return self._of_expression(expr, place)
            case Constant(value):
                return constant(value)
            case MapOf(entries):
                return Fields(dict(entries), place)
            case ListOf(items):
                few = len(items) <= _MOST_PARTS
                return Items(self._either(items, place) if few else ANYTHING)
            case Text():
                return typed("string")
            case _:
                return self._of_expression(written, place)

    def _of_expression(self, expr: Expr, place: str) -> Shape:
        match expr:
            case Literal(value):
                return constant(value)
            case Identifier() | Select() | Index():
                return _alias(expr, place)
            case Conditional(_, then, otherwise):
                return self._either((then, otherwise), place)
            case Default(path, fallback):
                return self._either((path, fallback), place)
            case Coalesce(paths, last):
                return self._either((*paths, last), place)
            case MapLiteral(pairs):
                named = {str(key.value): value for key, value in pairs if isinstance(key, Literal)}
                return Fields(named, place) if len(named) == len(pairs) else typed("object")
            case Comprehension("filter", source):
                return self._of_expression(source, place)
            case _:
                return _by_type(expr)

    def _either(self, options: Iterable[Written], place: str) -> Shape:
        return Either(tuple(("", self._of(option, place)) for option in options))

    def _output(self, at: str) -> Shape:
        """The output of a step."""
        if at not in self._outputs:
            step = self._plan.steps[at]
            inside = self._output_of_one(step)
            self._outputs[at] = Items(inside) if step.for_each else inside
        return self._outputs[at]

    def _output_of_one(self, step: StepPlan) -> Shape:
        """The output of a step, or of its instance for one item."""
        if step.kind == "agent":
            # What `catch` puts in its place is held against the contract too.
            schema = step.call.output.schema if step.call else True
            return Contract(schema, schema)
        options: list[tuple[str, Shape]] = []
        if step.body is not None:
            options.append(("", self._output_of_scope(step.body)))
        for label, scope in step.cases.items():
            options.append((f"case '{label}'", self._output_of_scope(scope)))
        if step.default is not None:
            options.append(("the default", self._output_of_scope(step.default)))
        for key, action in step.catch.items():
            if action.value is not None:
                options.append((f"'catch.{key}'", self._of(action.value, step.address)))
        return Either(tuple(options))

    def _output_of_scope(self, scope: ScopePlan) -> Shape:
        return constant(None) if scope.output is None else self._of(scope.output, scope.address)

    # --- the way through it ------------------------------------------------------------------

    def _trace(self, start: Shape, path: Steps, before: int = 0) -> Trace:
        """Follow a path; `before` is how many parts of the reference led to its start."""
        trace = Trace()
        pending: list[tuple[Shape, Steps, str]] = [(start, path, "")]
        for _ in range(min(_MOST_PARTS, self._left)):
            if not pending:
                return trace
            self._left -= 1
            shape, steps, case = pending.pop()
            if isinstance(shape, Either):
                trace.certain &= len(shape.options) <= _MOST_PARTS
                pending.extend(
                    (option, steps, words or case)
                    for words, option in reversed(shape.options[:_MOST_PARTS])
                )
            elif isinstance(shape, Alias):
                resolved = self._resolve(shape, shape.steps + steps)
                if resolved is None:
                    trace.certain = False
                else:
                    pending.append((*resolved, case))
            elif not steps:
                trace.ends.append(shape)
            else:
                inside, part = self._enter(shape, steps[0])
                if inside is not None:
                    pending.append((inside, steps[1:], case))
                # What is missing before `path` begins belongs to a reference on the way, and is
                # reported where that stands.
                if part.lack is not None and len(steps) <= len(path):
                    at = before + len(path) - len(steps)
                    trace.gaps.append(Gap(at, part.lack, part.known, part.what, case))
                elif inside is None:
                    trace.certain = False
        trace.certain = False
        return trace

    def _enter(
        self, shape: Contract | Fields | Items, key: str | int | None
    ) -> tuple[Shape | None, Part]:
        """One step into a value: what is there, and what is known about it."""
        if key is None:
            return None, UNKNOWN
        if isinstance(shape, Contract):
            part = self._part(shape, key)
            return part.inside, part
        if isinstance(shape, Items):
            if isinstance(key, int):
                return shape.item, UNKNOWN
            return None, Part(lack="never", what="a list")
        if isinstance(key, int):
            return None, UNKNOWN
        if key in shape.entries:
            return self._of(shape.entries[key], shape.place), UNKNOWN
        return None, Part(lack="never", known=tuple(shape.entries))

    def _part(self, contract: Contract, key: str | int) -> Part:
        if contract.root is True:  # made here, so its identity may come again
            return part_of(contract, key)
        known = self._parts.get((id(contract.schema), key))
        if known is None:
            known = self._parts[id(contract.schema), key] = part_of(contract, key)
        return known

    def _resolve(self, alias: Alias, steps: Steps) -> tuple[Shape, Steps] | None:
        """What an alias stands for and the way that is left from there; None if unknown."""
        if alias.root == "inputs":
            schema = self._plan.inputs.schema
            return Contract(schema, schema), steps
        if alias.root == "steps":
            return self._resolve_step(alias.place, steps)
        for place in enclosing(alias.place):
            step = self._plan.steps.get(place)
            if step is None or step.for_each is None:
                continue
            if alias.root == "index":
                return typed("integer"), steps
            if alias.root in ("item", *step.for_each.names):
                return self._items_of(step.for_each, place), (SOME_ITEM, *steps)
        return None

    def _items_of(self, for_each: ForEachPlan, at: str) -> Shape:
        return self._of(for_each.over, address.parent(at) or "")

    def _resolve_step(self, place: str, steps: Steps) -> tuple[Shape, Steps] | None:
        if len(steps) < 2 or not isinstance(steps[0], str):
            return None
        inside = (address.child(outer, steps[0]) for outer in enclosing(place))
        found = next((at for at in inside if at in self._plan.steps), None)
        if found is None:
            return None
        if steps[1] == "output":
            return self._output(found), steps[2:]
        return (_STATUS, steps[2:]) if steps[1] == "status" else None


def enclosing(place: str) -> Iterator[str]:
    """An address and everything around it, out to the pipeline, which is `""`."""
    while place:
        yield place
        place = address.parent(place) or ""
    yield ""


def _place_of(use: Use, steps: Mapping[str, StepPlan]) -> str:
    """Where the names of a reference are looked up: outside the items for `over` and `when`."""
    reader = steps.get(use.reader)
    if reader is not None and use.path[len(reader.path)] in ("when", "for_each"):
        return address.parent(use.reader) or ""
    return use.reader


def _alias(path: Identifier | Select | Index, place: str) -> Shape:
    nodes = spine(path)
    root = nodes[-1]
    if not isinstance(root, Identifier):
        return ANYTHING
    steps: list[str | int | None] = []
    for node in reversed(nodes[:-1]):
        match node:
            case Select(_, name):
                steps.append(name)
            case Index(_, Literal(str() | int() as key)) if not isinstance(key, bool):
                steps.append(key)
            case _:
                steps.append(None)
    return Alias(root.name, tuple(steps), place)


def _by_type(expr: Expr) -> Contract:
    """What is known of a value that is computed: at most its type."""
    match expr:
        case Binary(operator) if operator in _BOOLEAN_OPERATORS:
            return typed("boolean")
        case Comprehension("map"):
            return typed("array")
        case Has() | Unary("!") | Comprehension():
            return typed("boolean")
        case Call(function):
            return typed(_TYPES.get(FUNCTIONS[function].result, "string"))
        case _:
            return ANYTHING


def _label(value: str | int) -> str:
    """The label of the case that a value leads to."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
