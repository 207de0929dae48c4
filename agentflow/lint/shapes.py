"""What is certain about the look of values: outputs, inputs, items, and what templates make of them.

A contract says it of an agent's output and of the inputs; a template says it of the output of a
group, of a switch and of an item. What cannot be told is left open.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from agentflow.lint.schemas import (
    ANYTHING,
    SOME_ITEM,
    Contract,
    constant,
    typed,
)
from agentflow.plan import address, materials
from agentflow.plan.steps import ForEachPlan, Plan, ScopePlan, StepPlan
from agentflow.spec.cel.functions import FUNCTIONS
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
    Literal,
    MapLiteral,
    Select,
    Unary,
)
from agentflow.spec.expressions import references
from agentflow.spec.templates import Constant, ListOf, MapOf, Template, Text, Whole

#: A way through a value: fields, indices, and None where an index is computed.
Steps: TypeAlias = tuple[str | int | None, ...]
Written: TypeAlias = Template | Expr

#: The schema of a contract that is missing or broken, by its identity.
STANDS_IN = materials.ANYTHING.schema
#: Of more alternatives, or items that are written out, none is looked at.
MOST_OPTIONS = 200
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


class Shapes:
    """The shapes of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._outputs: dict[str, Shape] = {}
        #: Shapes of lists and maps, which may be large, by the identity of the template.
        self._large: dict[tuple[int, str], Shape] = {}

    def of(self, written: Written, place: str) -> Shape:
        """The shape of what the author wrote, read where `place` is."""
        match written:
            case Whole(expr):
                return self._of_expression(expr, place)
            case Constant(value):
                return constant(value)
            case MapOf() | ListOf():
                if (id(written), place) not in self._large:
                    self._large[id(written), place] = self._of_large(written, place)
                return self._large[id(written), place]
            case Text():
                return typed("string")
            case _:
                return self._of_expression(written, place)

    def _of_large(self, written: MapOf | ListOf, place: str) -> Shape:
        if isinstance(written, MapOf):
            return Fields(dict(written.entries), place)
        few = len(written.items) <= MOST_OPTIONS
        return Items(self._either(written.items, place) if few else ANYTHING)

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
        return Either(tuple(("", self.of(option, place)) for option in options))

    def output(self, at: str) -> Shape:
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
            schema = step.call.output.schema if step.call else STANDS_IN
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
                options.append((f"'catch.{key}'", self.of(action.value, step.address)))
        return options[0][1] if len(options) == 1 else Either(tuple(options))

    def _output_of_scope(self, scope: ScopePlan) -> Shape:
        return constant(None) if scope.output is None else self.of(scope.output, scope.address)

    def resolve(self, alias: Alias, steps: Steps) -> tuple[Shape, Steps] | None:
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
        return self.of(for_each.over, address.parent(at) or "")

    def _resolve_step(self, place: str, steps: Steps) -> tuple[Shape, Steps] | None:
        if len(steps) < 2 or not isinstance(steps[0], str):
            return None
        inside = (address.child(outer, steps[0]) for outer in enclosing(place))
        found = next((at for at in inside if at in self._plan.steps), None)
        if found is None:
            return None
        if steps[1] == "output":
            return self.output(found), steps[2:]
        return (_STATUS, steps[2:]) if steps[1] == "status" else None


def enclosing(place: str) -> Iterator[str]:
    """An address and everything around it, out to the pipeline, which is `""`."""
    while place:
        yield place
        place = address.parent(place) or ""
    yield ""


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


def _alias(path: Identifier | Select | Index, place: str) -> Shape:
    whole = next((one for one in references(path) if one.end == path.end), None)
    return ANYTHING if whole is None else Alias(whole.root, whole.path, place)
