"""What is certain about values: outputs, inputs, items, and what templates make of them.

A contract says it of an agent's output and of the inputs; a template says it of the output of a
group, of a switch and of an item. What cannot be told is left open.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from agentflow.contracts.descent import SOME_ITEM
from agentflow.plan import address, materials
from agentflow.plan.address import enclosing
from agentflow.plan.growth import grown
from agentflow.plan.lengths import Lengths
from agentflow.plan.limits import Limit
from agentflow.plan.loop_states import fed_by, loop_around, of_loop
from agentflow.plan.narrowing import NOTHING_GIVEN, Given, narrowed
from agentflow.plan.operator_types import by_type, calculated
from agentflow.plan.repeats import ForEachPlan
from agentflow.plan.resolution import resolved
from agentflow.plan.schemas import ANYTHING, FAILURE, Contract, computed, constant
from agentflow.plan.scopes import OUTPUT_NAMES, step_in_reach
from agentflow.plan.shape_kinds import (
    MOST_OPTIONS,
    Alias,
    Either,
    Fields,
    Inside,
    Items,
    Link,
    Shape,
    Some,
    Variables,
    Written,
    either,
)
from agentflow.plan.steps import Plan, ScopePlan, StepPlan
from agentflow.plan.tasks import results_of, task_at
from agentflow.plan.value_kinds import ValueKinds
from agentflow.spec.cel.references import Steps, known_steps
from agentflow.spec.cel.signatures import ARITHMETIC
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
from agentflow.spec.templates import Constant, ListOf, MapOf, Template, Text, Whole

#: The schema of a contract that is missing or broken, by its identity.
STANDS_IN = materials.ANYTHING.schema
_RUN = Contract(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {"id": {"type": "string", "minLength": 1}},
    },
    True,
)
#: The ways in which an item ends without an output, and why.
_LOST = Contract({"enum": ["skipped", "failed", "unknown"]}, True)
#: How steps end that others can read: one that fails without `catch` ends the scope.
_STATUS = Contract({"enum": ["succeeded", "skipped"]}, True)
#: In words, that what a switch makes is that of its default.
DEFAULT = "the default"


class Shapes:
    """The shapes of one plan; `variables` are names that mean the same wherever they are read."""

    def __init__(self, plan: Plan, variables: Variables | None = None) -> None:
        self._plan = plan
        self._variables = variables or {}
        self._outputs: dict[str, Shape] = {}
        self._loops: dict[str, Shape] = {}
        #: Shapes of lists and maps, which may be large, by the identity of the template.
        self._large: dict[tuple[int, str, Given], Shape] = {}
        #: What limits leave of contracts, which keeps their identities.
        self._left: dict[tuple[Alias, tuple[Limit, ...]], Contract] = {}
        self._asserted: dict[str, Shape] = {}
        self.lengths = Lengths(self)
        self._kinds = ValueKinds(self)

    def of(self, written: Written, place: str, given: Given = NOTHING_GIVEN) -> Shape:
        """The shape of a template that is read at `place`, where something is `given`."""
        match written:
            case Whole(expr):
                return self._expression(expr, place, self._variables, given)
            case Constant(value):
                return constant(value)
            case MapOf() | ListOf():
                key = id(written), place, given
                if key not in self._large:
                    self._large[key] = self._of_large(written, place, given)
                return self._large[key]
            case Text(parts):
                least = sum(len(part) for part in parts if isinstance(part, str))
                return computed({"type": "string", "minLength": least})
            case _:
                return self._expression(written, place, self._variables, given)

    def entry(self, fields: Fields, key: str) -> Shape:
        """The shape of a value in a map."""
        written = fields.entries[key]
        if isinstance(written, Shape):
            return written
        if isinstance(written, Template):
            return self.of(written, fields.place, fields.given)
        return self._expression(written, fields.place, fields.variables, fields.given)

    def _of_large(self, written: MapOf | ListOf, place: str, given: Given) -> Shape:
        if isinstance(written, MapOf):
            return Fields(dict(written.entries), place, given=given)
        count = len(written.items)
        if count > MOST_OPTIONS:
            return Items(ANYTHING, count, count)
        return Items(either([self.of(item, place, given) for item in written.items]), count, count)

    def _expression(self, expr: Expr, place: str, variables: Variables, given: Given) -> Shape:
        def part(inner: Expr) -> Shape:
            return self._expression(inner, place, variables, given)

        match expr:
            case Literal(value):
                return constant(value)
            case Identifier() | Select() | Index():
                return self._path(expr, place, variables, given)
            case Conditional(condition, then, otherwise):
                sides = ((then, True), (otherwise, False))
                chosen = [
                    self._expression(side, place, variables, given.assuming(condition, truth))
                    for side, truth in sides
                ]
                return either(chosen, exact=False)
            case Default(first, last):
                return either([part(first), part(last)])
            case Coalesce(paths, last):
                return either([part(path) for path in (*paths, last)])
            case ListLiteral(items):
                return Items(either([part(item) for item in items]), len(items), len(items))
            case MapLiteral(pairs):
                return _map(pairs, Fields({}, place, variables, given))
            case Comprehension() | Binary() | Unary() | Call():
                return self._made(expr, place, variables, given)
            case _:
                return by_type(expr)

    def _made(
        self,
        expr: Comprehension | Binary | Unary | Call,
        place: str,
        variables: Variables,
        given: Given,
    ) -> Shape:
        """The shape of what macros, operators and functions make."""

        def part(inner: Expr) -> Shape:
            return self._expression(inner, place, variables, given)

        match expr:
            case Comprehension("filter", source):
                return Some(part(source))
            case Comprehension("map", source, variable, body):
                inner = {**variables, variable: Inside(part(source), (SOME_ITEM,))}
                least, most = self.lengths.of(part(source))
                made = self._expression(body, place, inner, given)
                return Items(made, least, most, exact=False)
            case Binary(operator, left, right) if operator in ARITHMETIC:
                one, other = part(left), part(right)
                lists = self.lengths.joined(one, other) if operator == "+" else None
                return lists or calculated(operator, self._kinds.of(one), self._kinds.of(other))
            case Unary("-", operand):
                kinds = self._kinds.of(part(operand))
                return calculated("-", kinds, kinds)
            case Call("size", (measured,)):
                return computed(self.lengths.as_number(part(measured)))
        return by_type(expr)

    def _path(
        self, path: Identifier | Select | Index, place: str, variables: Variables, given: Given
    ) -> Shape:
        nodes = spine(path)
        steps = known_steps(nodes)
        start = nodes[-1]
        if not isinstance(start, Identifier):
            return Inside(self._expression(start, place, variables, given), steps)
        if start.name in variables:
            return Inside(variables[start.name], steps)
        found = Alias(start.name, steps, place)
        return self._narrowed(found, given) if given.compares(start.name, steps) else found

    def _narrowed(self, path: Alias, given: Given) -> Shape:
        """What conditions leave of the value of a path; not exact where that cannot be told."""
        left = given.on(path.root, path.steps)
        whole = resolved(self, path) if left else None
        if not isinstance(whole, Contract) or whole.schema is STANDS_IN:
            return either([path], exact=False)
        key = path, left
        if key not in self._left:
            self._left[key] = narrowed(whole, path.steps, left)
        return self._left[key]

    def output(self, at: str) -> Shape:
        """The output of a step."""
        if at not in self._outputs:
            step = self._plan.steps[at]
            self._outputs[at] = ANYTHING  # in a broken spec it may be made of itself
            inside = self._output_of_one(step)
            if step.for_each is not None:
                inside = Items(inside, most=step.for_each.max)
                inside = replace(inside, least=self._fewest(step, step.for_each))
            self._outputs[at] = inside
        return self._outputs[at]

    def _fewest(self, step: StepPlan, for_each: ForEachPlan) -> int:
        """How many outputs a `for_each` certainly has: with fewer than `min_success` it fails."""
        if not drops_items(step):
            return self.lengths.of(self._items_of(for_each, step.address))[0]
        return for_each.min_success if isinstance(for_each.min_success, int) else 0

    def _output_of_one(self, step: StepPlan) -> Shape:
        """The output of a step, or of its instance for one item."""
        options = [(words, self._kept(step, made)) for words, made in self._made_by(step)]
        for key, action in step.catch.items():
            # A value of `catch` in place of an answer has to keep the contract, too.
            if action.value is not None and step.kind not in ("agent", "human"):
                options.append((f"'catch.{key}'", self.of(action.value, action.place)))
        return options[0][1] if len(options) == 1 else Either(tuple(options))

    def _kept(self, step: StepPlan, made: Shape) -> Shape:
        """The shape of an answer for which everything that the step asserts is true."""
        replaced = any(action.value is not None for action in step.catch.values())
        if not step.asserts or replaced or not isinstance(made, Contract):
            return made
        if step.address not in self._asserted:
            given = NOTHING_GIVEN
            for each in step.asserts:
                given = given.assuming(each.that, True)
            self._asserted[step.address] = narrowed(made, (), given.on("output", ()))
        return self._asserted[step.address]

    def _made_by(self, step: StepPlan) -> Iterator[tuple[str, Shape]]:
        """What a step makes by itself, whatever `catch` says, and in words when it does."""
        if step.kind in ("agent", "human"):
            schema = step.contract.schema if step.contract else STANDS_IN
            yield "", Contract(schema, schema)
        if step.kind == "pipeline":
            schema = step.nested.output if step.nested else STANDS_IN
            yield "", Contract(schema, schema, step.nested is not None and step.nested.exact)
        if step.delegate is not None:
            yield "", results_of(self, step.delegate)
        if step.body is not None:
            given = NOTHING_GIVEN
            if step.loop is not None and step.loop.until is not None:
                given = given.assuming(step.loop.until, True)
            yield "", self._output_of_scope(step.body, given)
        for label, scope in step.cases.items():
            yield case_in_words(label), self._output_of_scope(scope)
        if step.default is not None:
            yield DEFAULT, self._output_of_scope(step.default)

    def _output_of_scope(self, scope: ScopePlan, given: Given = NOTHING_GIVEN) -> Shape:
        if scope.output is None:
            return constant(None)
        return self.of(scope.output, scope.address, given)

    def sources(self, path: Alias) -> list[tuple[Shape, Steps]] | None:
        """What a field of the state of a loop comes from; None if the path leads to something else."""
        fed = fed_by(self, self._plan, path, ())
        return None if fed is None else fed[2]

    def grown(self, step: StepPlan, name: str) -> Shape | None:
        """What a field of the state can be that `next` computes from itself."""
        return grown(self, step, name)

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
        """The shapes of `output` and `input` in the assertions of a step."""
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
        """The shape of the `items` of a `for_each`: what became of each."""
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
            lost: dict[str, Written | Shape] = {"key": key, "status": _LOST, "error": FAILURE}
            options.append(("an item that did not succeed", Fields(lost, "")))
        return Items(Either(tuple(options)), most=for_each.max)


def case_in_words(label: str) -> str:
    """That what a switch makes is that of a case."""
    return f"case '{label}'"


def drops_items(step: StepPlan) -> bool:
    """May the list of outputs of a `for_each` be shorter than the list it went over?"""
    if step.for_each is None:
        return False
    least = step.for_each.min_success
    if least is None:
        return any(action.action == "skip" for action in step.catch.values())
    return isinstance(least, int) or least < 1


def _map(pairs: tuple[tuple[Expr, Expr], ...], around: Fields) -> Shape:
    named = {str(key.value): value for key, value in pairs if isinstance(key, Literal)}
    if len(named) < len(pairs):
        return computed({"type": "object"})
    return replace(around, entries=named)
