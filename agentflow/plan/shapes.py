"""What is certain about the look of values: outputs, inputs, items, and what templates make of them.

A contract says it of an agent's output and of the inputs; a template says it of the output of a
group, of a switch and of an item. What cannot be told is left open.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.plan import address, materials
from agentflow.plan.looks import (
    MOST_OPTIONS,
    Alias,
    Either,
    Fields,
    Inside,
    Items,
    Link,
    Shape,
    Some,
    Steps,
    Variables,
    Written,
    either,
    enclosing,
)
from agentflow.plan.reach import step_in_reach
from agentflow.plan.schemas import (
    ANYTHING,
    Contract,
    computed,
    constant,
)
from agentflow.plan.scopes import OUTPUT_NAMES
from agentflow.plan.settled import fewest_items
from agentflow.plan.states import loop_around, of_loop
from agentflow.plan.steps import ForEachPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.tasks import results_of, task_at
from agentflow.spec.cel.functions import FUNCTIONS
from agentflow.spec.cel.references import known_steps
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Select,
    Unary,
    spine,
)
from agentflow.spec.model import FailureClass
from agentflow.spec.templates import Constant, ListOf, MapOf, Template, Text, Whole

#: The schema of a contract that is missing or broken, by its identity.
STANDS_IN = materials.ANYTHING.schema
_BOOLEAN_OPERATORS = frozenset({"||", "&&", "==", "!=", "<", "<=", ">", ">=", "in"})
_TYPES = {"bool": "boolean", "double": "number", "int": "integer", "list": "array"}
#: Results of which more than the type is known.
_RESULTS: Mapping[str, Schema] = {
    "size": {"type": "integer", "minimum": 0},
    "split": {"type": "array", "items": {"type": "string"}},
}
_NUMBERS = frozenset({"integer", "number"})
#: The types of what arithmetic makes.
_ARITHMETIC: Mapping[str, frozenset[str]] = {
    "+": _NUMBERS | {"array", "string"},
    **dict.fromkeys("-*/", _NUMBERS),
    "%": frozenset({"integer"}),
}
_RUN = Contract(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {"id": {"type": "string", "minLength": 1}},
    },
    True,
)
#: How an item ends without an output, and why.
_LOST = Contract({"enum": ["skipped", "failed", "unknown"]}, True)
_ERROR = Contract(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["class", "message"],
        "properties": {
            "class": {"enum": [str(kind) for kind in FailureClass]},
            "message": {"type": "string"},
        },
    },
    True,
)
#: How a step ends that others can read: what fails without `catch` ends the scope.
_STATUS = Contract({"enum": ["succeeded", "skipped"]}, True)


class Shapes:
    """The shapes of one plan; `variables` are names that mean the same wherever they are read."""

    def __init__(self, plan: Plan, variables: Variables | None = None) -> None:
        self._plan = plan
        self._variables = variables or {}
        self._outputs: dict[str, Shape] = {}
        self._loops: dict[str, Shape] = {}
        #: Shapes of lists and maps, which may be large, by the identity of the template.
        self._large: dict[tuple[int, str], Shape] = {}

    def of(self, written: Written, place: str) -> Shape:
        """The shape of what the author wrote, read where `place` is."""
        match written:
            case Whole(expr):
                return self._expression(expr, place, self._variables)
            case Constant(value):
                return constant(value)
            case MapOf() | ListOf():
                if (id(written), place) not in self._large:
                    self._large[id(written), place] = self._of_large(written, place)
                return self._large[id(written), place]
            case Text(parts):
                least = sum(len(part) for part in parts if isinstance(part, str))
                return computed({"type": "string", "minLength": least})
            case _:
                return self._expression(written, place, self._variables)

    def entry(self, fields: Fields, key: str) -> Shape:
        """The shape of a value in a map."""
        written = fields.entries[key]
        if isinstance(written, Shape):
            return written
        if isinstance(written, Template):
            return self.of(written, fields.place)
        return self._expression(written, fields.place, fields.variables)

    def _of_large(self, written: MapOf | ListOf, place: str) -> Shape:
        if isinstance(written, MapOf):
            return Fields(dict(written.entries), place)
        count = len(written.items)
        if count > MOST_OPTIONS:
            return Items(ANYTHING, count, count)
        return Items(either([self.of(item, place) for item in written.items]), count, count)

    def _expression(self, expr: Expr, place: str, variables: Variables) -> Shape:
        def part(inner: Expr) -> Shape:
            return self._expression(inner, place, variables)

        match expr:
            case Literal(value):
                return constant(value)
            case Identifier() | Select() | Index():
                return self._path(expr, place, variables)
            case Conditional(_, then, otherwise):
                return either([part(then), part(otherwise)], exact=False)
            case Default(first, last):
                return either([part(first), part(last)])
            case Coalesce(paths, last):
                return either([part(path) for path in (*paths, last)])
            case ListLiteral(items):
                return Items(either([part(item) for item in items]), len(items), len(items))
            case MapLiteral(pairs):
                return _map(pairs, place, variables)
            case Comprehension("filter", source):
                return Some(part(source))
            case Comprehension("map", source, variable, body):
                inner = {**variables, variable: Inside(part(source), (SOME_ITEM,))}
                return Items(self._expression(body, place, inner), exact=False)
            case Binary(operator, left, right) if operator in _ARITHMETIC:
                return _calculated(_ARITHMETIC[operator], part(left), part(right))
            case _:
                return _by_type(expr)

    def _path(self, path: Identifier | Select | Index, place: str, variables: Variables) -> Shape:
        nodes = spine(path)
        steps = known_steps(nodes)
        start = nodes[-1]
        if not isinstance(start, Identifier):
            return Inside(self._expression(start, place, variables), steps)
        if start.name in variables:
            return Inside(variables[start.name], steps)
        return Alias(start.name, steps, place)

    def output(self, at: str) -> Shape:
        """The output of a step."""
        if at not in self._outputs:
            step = self._plan.steps[at]
            inside = self._output_of_one(step)
            if step.for_each is not None:
                inside = Items(inside, most=step.for_each.max)
                self._outputs[at] = inside  # what a broken spec goes over may lead back here
                inside = replace(inside, least=self._fewest(step, step.for_each))
            self._outputs[at] = inside
        return self._outputs[at]

    def _fewest(self, step: StepPlan, for_each: ForEachPlan) -> int:
        """How many outputs a `for_each` has for certain: what falls below `min_success` fails."""
        if not drops_items(step):
            return fewest_items(self, self._items_of(for_each, step.address))
        return for_each.min_success if isinstance(for_each.min_success, int) else 0

    def _output_of_one(self, step: StepPlan) -> Shape:
        """The output of a step, or of its instance for one item."""
        options = list(self._made_by(step))
        for key, action in step.catch.items():
            # What `catch` puts in the place of an answer is held against the contract too.
            if action.value is not None and step.kind not in ("agent", "human"):
                options.append((f"'catch.{key}'", self.of(action.value, action.place)))
        return options[0][1] if len(options) == 1 else Either(tuple(options))

    def _made_by(self, step: StepPlan) -> Iterator[tuple[str, Shape]]:
        """What a step makes by itself, whatever `catch` says, with the words for when it is that."""
        if step.kind in ("agent", "human"):
            schema = step.contract.schema if step.contract else STANDS_IN
            yield "", Contract(schema, schema)
        if step.kind == "pipeline":
            schema = step.nested.output if step.nested else STANDS_IN
            yield "", Contract(schema, schema, step.nested is not None and step.nested.exact)
        if step.delegate is not None:
            yield "", results_of(self, step.delegate)
        if step.body is not None:
            yield "", self._output_of_scope(step.body)
        for label, scope in step.cases.items():
            yield f"case '{label}'", self._output_of_scope(scope)
        if step.default is not None:
            yield "the default", self._output_of_scope(step.default)

    def _output_of_scope(self, scope: ScopePlan) -> Shape:
        return constant(None) if scope.output is None else self.of(scope.output, scope.address)

    def resolve(self, link: Link, steps: Steps) -> tuple[Shape, Steps] | None:
        """What a link stands for, and the way from there to a part of it; None if unknown."""
        match link:
            case Some(source):
                return source, steps
            case Inside(whole, before):
                return whole, (*before, *steps)
            case Alias():
                return self._resolve_alias(link, (*link.steps, *steps))

    def _resolve_alias(self, alias: Alias, steps: Steps) -> tuple[Shape, Steps] | None:
        if alias.root == "inputs":
            schema = self._plan.inputs.schema
            return Contract(schema, schema, filled=True), steps
        if alias.root == "steps":
            return self._resolve_step(alias.place, steps)
        if alias.root == "run":
            return _RUN, steps
        if alias.root in OUTPUT_NAMES:
            own = self._in_assert(alias.root, alias.place)
            return None if own is None else (own, steps)
        if alias.root == "task":
            return task_at(self, self._plan, alias.place), steps
        if alias.root == "loop":
            return self._resolve_loop(alias.place, steps)
        for place in enclosing(alias.place):
            step = self._plan.steps.get(place)
            if step is None or step.for_each is None:
                continue
            if alias.root == "index":
                last = step.for_each.max - 1
                return Contract({"type": "integer", "minimum": 0, "maximum": last}, True), steps
            if alias.root in ("item", *step.for_each.names):
                return self._items_of(step.for_each, place), (SOME_ITEM, *steps)
        return None

    def _in_assert(self, root: str, place: str) -> Shape | None:
        """What `output` and `input` are in the assertions of a step."""
        step = self._plan.steps.get(place)
        if step is None or (root == "input" and step.call is None):
            return None
        if root == "output":
            return either([shape for _, shape in self._made_by(step)])
        assert step.call is not None
        return Contract(step.call.input.schema, step.call.input.schema)

    def _resolve_loop(self, place: str, steps: Steps) -> tuple[Shape, Steps] | None:
        step = loop_around(self._plan, place)
        if step is None:
            return None
        if step.address not in self._loops:
            self._loops[step.address] = of_loop(self, self._plan, step)
        return self._loops[step.address], steps

    def _items_of(self, for_each: ForEachPlan, at: str) -> Shape:
        return self.of(for_each.over, address.parent(at) or "")

    def _resolve_step(self, place: str, steps: Steps) -> tuple[Shape, Steps] | None:
        if len(steps) < 2 or not isinstance(steps[0], str):
            return None
        found = step_in_reach(self._plan, steps[0], place)
        if found is None:
            return None
        if steps[1] == "output":
            return self.output(found.address), steps[2:]
        if steps[1] == "items":
            return self.outcomes(found.address), steps[2:]
        return (_STATUS, steps[2:]) if steps[1] == "status" else None

    def outcomes(self, at: str) -> Shape:
        """The `items` of a `for_each`: what became of each."""
        step = self._plan.steps[at]
        for_each = step.for_each
        if for_each is None:
            return ANYTHING
        key: Shape = Contract({"type": "integer", "minimum": 0, "maximum": for_each.max - 1}, True)
        if for_each.key is not None:
            key = self.of(for_each.key, step.address)
        done: dict[str, Written | Shape] = {
            "key": key,
            "status": constant("succeeded"),
            "output": self._output_of_one(step),
        }
        options = [("an item that succeeded", Fields(done, ""))]
        if drops_items(step):
            lost: dict[str, Written | Shape] = {"key": key, "status": _LOST, "error": _ERROR}
            options.append(("an item that did not succeed", Fields(lost, "")))
        return Items(Either(tuple(options)), most=for_each.max)


def drops_items(step: StepPlan) -> bool:
    """May the list of outputs of a `for_each` be shorter than the list it went over?"""
    if step.for_each is None:
        return False
    least = step.for_each.min_success
    if least is None:
        return any(action.action == "skip" for action in step.catch.values())
    return isinstance(least, int) or least < 1


def _map(pairs: tuple[tuple[Expr, Expr], ...], place: str, variables: Variables) -> Shape:
    named = {str(key.value): value for key, value in pairs if isinstance(key, Literal)}
    if len(named) < len(pairs):
        return computed({"type": "object"})
    return Fields(named, place, variables)


def _calculated(types: frozenset[str], left: Shape, right: Shape) -> Contract:
    """What arithmetic makes: it never mixes types, so what is known of one side holds for both."""
    for side in (left, right):
        if isinstance(side, Contract):
            types &= types_of(side.schema, side.root)
        elif isinstance(side, Items | Some):
            types &= {"array"}
    if "number" in types:
        types -= {"integer"}
    names = sorted(types)
    return computed({"type": names[0] if len(names) == 1 else names}) if names else ANYTHING


def _by_type(expr: Expr) -> Contract:
    """What is known of a value that is computed: at most its type."""
    match expr:
        case Binary(operator) if operator in _BOOLEAN_OPERATORS:
            return computed({"type": "boolean"})
        case Unary("-"):
            return computed({"type": "number"})
        case Call(function):
            result = {"type": _TYPES.get(FUNCTIONS[function].result, "string")}
            return computed(_RESULTS.get(function, result))
        case _:  # `has`, `!`, and the macros that ask something of a list
            return computed({"type": "boolean"})
