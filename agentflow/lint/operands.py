"""The types of the parts of an expression, and the parts that an operator or function cannot use.

What a contract calls an integer is assumed to be an int. It could be written as 3.0, but hardly
ever is.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from agentflow.contracts.keywords import Schema
from agentflow.contracts.kinds import kinds_of
from agentflow.contracts.shape import types_of
from agentflow.findings import Location
from agentflow.lint.agent_texts import agent_texts
from agentflow.lint.macro_variables import Variables
from agentflow.lint.written import expressions
from agentflow.plan.schemas import ANYTHING, longest_list, past_references
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.spec.cel.functions import FUNCTIONS, Kinds
from agentflow.spec.cel.signatures import (
    ANY,
    ARITHMETIC,
    BOOL,
    ELEMENTS,
    NUMBER,
    OPERATORS,
    PARTS,
    STRING,
)
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
    Select,
    Unary,
    spine,
)
from agentflow.spec.cel.values import Kind, kind_of
from agentflow.spec.document import Document, Path
from agentflow.spec.templates import template_expressions
from agentflow.spec.wording import quoted

_NULL: Kinds = frozenset({"null"})


class Misfit(Struct, frozen=True):
    """A part of an expression that fails, or may fail, when it is evaluated."""

    part: Expr
    message: str
    help: str | None


class Operands(Struct):
    """One walk over an expression, which looks at each part once."""

    misfits: list[Misfit] = field(default_factory=list)
    #: Arithmetic that mixes ints and doubles for some of the values that contracts allow.
    mixtures: list[Misfit] = field(default_factory=list)
    #: Fallbacks and alternatives of a type that cannot be used where they stand.
    stand_ins: list[Misfit] = field(default_factory=list)

    def of(self, expr: Expr, scope: Variables, *, asked: bool = False) -> Kinds:
        """The types that an expression can have; all of them if nothing is known.

        `scope` has the variables of the macros around it; if `asked`, absence is no error here.
        """
        match expr:
            case Literal(value):
                return frozenset({kind_of(value)})
            case Identifier() | Select() | Index():
                return self._path(expr, scope, asked)
            case Unary(operator, operand):
                wanted = BOOL if operator == "!" else NUMBER
                kinds = self.of(operand, scope)
                self._expect(operand, kinds, wanted, f"{quoted(operator)} takes", scope)
                return kinds & wanted or wanted
            case Binary():
                return self._binary(expr, scope)
            case Call(name, args):
                return self._call(name, args, scope)
            case Conditional(condition, then, otherwise):
                self._expect(condition, self.of(condition, scope), BOOL, "'?' takes", scope)
                return self.of(then, scope) | self.of(otherwise, scope)
            case Comprehension():
                return self._comprehension(expr, scope)
            case Has() | Default() | Coalesce():
                return self._existence(expr, scope)
            case ListLiteral() | MapLiteral():
                return self._written(expr, scope)

    def _existence(self, expr: Has | Default | Coalesce, scope: Variables) -> Kinds:
        match expr:
            case Has(path):
                self.of(path, scope, asked=True)
                return BOOL
            case Default(path, last):
                return self.of(path, scope, asked=True) | self.of(last, scope)
            case Coalesce(paths, last):
                each = [self.of(path, scope, asked=True) for path in paths]
                return self.of(last, scope).union(*each)

    def _written(self, expr: ListLiteral | MapLiteral, scope: Variables) -> Kinds:
        if isinstance(expr, ListLiteral):
            for item in expr.items:
                self.of(item, scope)
            return frozenset({"list"})
        for key, value in expr.entries:
            self.of(key, scope)
            self.of(value, scope)
        return frozenset({"map"})

    def _path(self, path: Expr, scope: Variables, asked: bool) -> Kinds:
        nodes = spine(path)
        start = nodes[-1]
        known = isinstance(start, Identifier)
        inner = ANY if known else self.of(start, scope)
        for node in nodes:
            if isinstance(node, Index) and not isinstance(node.key, Literal):
                self.of(node.key, scope)
            if isinstance(node, Index) and known:
                self._index(node, scope, asked)
        if known:
            return self._kinds(path, scope)
        if len(nodes) > 1:
            self._expect(start, inner, PARTS, "a field or an item is read from", scope)
        return ANY if len(nodes) > 1 else inner

    def _index(self, node: Index, scope: Variables, asked: bool) -> None:
        match node.key:
            case Literal(str()):
                return  # a field, which other rules follow
            case Literal(int() as number) if not isinstance(number, bool):
                holder = scope.of(node.operand) or ANYTHING
                most = longest_list(holder.schema, holder.root)
                is_list = types_of(holder.schema, holder.root) == {"array"}
                if is_list and number >= most and not asked:
                    message = f"there is no item {number}: the list has at most {int(most)}"
                    self.misfits.append(Misfit(node.key, message, "the first item is [0]"))
        kinds = self._kinds(node.operand, scope)
        self._expect(node.operand, kinds, PARTS, "an item is read from", scope)

    def _kinds(self, path: Expr, scope: Variables) -> Kinds:
        found = scope.of(path) or ANYTHING
        return self._named(found.schema, found.root)

    def _named(self, schema: Schema, root: Schema) -> Kinds:
        return kinds_of(schema, root) or ANY  # what has no value at all is reported by other rules

    def _binary(self, expr: Binary, scope: Variables) -> Kinds:
        symbol = expr.operator
        left, right = self.of(expr.left, scope), self.of(expr.right, scope)
        pairs = OPERATORS[symbol]
        fits = left.intersection(frozenset().union(*(pair[0] for pair in pairs)))
        partners = frozenset[Kind]().union(*(pair[1] for pair in pairs if pair[0] & left))
        takes = frozenset[Kind]().union(*(pair[0] for pair in pairs))
        if not fits:
            self._expect(expr.left, left, takes, f"{quoted(symbol)} takes", scope)
        elif symbol in ("in", "&&", "||"):
            self._expect(expr.right, right, partners, f"{quoted(symbol)} takes", scope)
        else:
            self._expect(
                expr.right, right, partners, f"after {_said(fits)} {quoted(symbol)} takes", scope
            )
        if fits and isinstance(expr.left, Default | Coalesce | Conditional):
            goes = frozenset[Kind]().union(*(pair[0] for pair in pairs if pair[1] & right))
            self._each(expr.left, goes, f"before {_said(right)} {quoted(symbol)} takes", scope)
        if symbol in "/%" and _is_zero(expr.right):
            message = f"{quoted(symbol)} by zero has no value"
            self.misfits.append(Misfit(expr.right, message, None))
        if symbol not in ARITHMETIC:
            return BOOL
        if left == right == ANY:
            return ANY  # no contract says that they are numbers of either kind
        self._mixture(expr, left - _NULL, right - _NULL)
        return (
            frozenset[Kind]().union(*(a & left for a, b in pairs if a & left and b & right)) or ANY
        )

    def _mixture(self, expr: Binary, left: Kinds, right: Kinds) -> None:
        """Note numbers that may or may not be whole, if the other side fits only one of both."""
        numbers = left <= NUMBER and right <= NUMBER
        if not numbers or not left & right or len(left | right) < len(NUMBER):
            return
        part = expr.left if left == NUMBER else expr.right
        symbol = quoted(expr.operator)
        self.mixtures.append(
            Misfit(
                part,
                f"{symbol} takes two ints or two doubles, and a number may be either",
                "write double(x) around each number that may have a fraction, and 2.0 for 2",
            )
        )

    def _call(self, name: str, args: tuple[Expr, ...], scope: Variables) -> Kinds:
        function = FUNCTIONS[name]
        for arg, wanted in zip(args, function.parameters, strict=False):
            self._expect(arg, self.of(arg, scope), wanted, f"{quoted(name)} takes", scope)
        if name == "join":
            self._joined(args[0], scope)
        return frozenset({function.result})

    def _joined(self, joined: Expr, scope: Variables) -> None:
        """Note lists whose items are no texts, alternatives included."""
        options = list(_options(joined))
        for option in options:
            items = self._kinds_of_items(option, scope)
            if len(options) == 1:
                self._expect(option, items, STRING, "the items that 'join' takes are", scope)
            elif not items & STRING:
                message = (
                    f"the items that 'join' takes are string, and those of this are {_said(items)}"
                )
                self.stand_ins.append(Misfit(option, message, "let them be of the same type"))

    def _kinds_of_items(self, expr: Expr, scope: Variables) -> Kinds:
        """The types of the items of a list, if the schema states them at its top."""
        found = scope.of(expr) or ANYTHING
        schema = past_references(found)
        if not isinstance(schema, dict) or types_of(schema, found.root) != {"array"}:
            return ANY
        return self._named(schema.get("items", True), found.root)

    def _comprehension(self, expr: Comprehension, scope: Variables) -> Kinds:
        source = self.of(expr.source, scope)
        self._expect(expr.source, source, ELEMENTS, f"{quoted(expr.macro)} goes through", scope)
        body = self.of(expr.body, scope.inside(expr))
        if expr.macro == "map":
            return frozenset({"list"})
        self._expect(expr.body, body, BOOL, f"{quoted(expr.macro)} asks for", scope)
        return frozenset({"list"}) if expr.macro == "filter" else BOOL

    def _expect(
        self, part: Expr, found: Kinds, wanted: Kinds, takes: str, scope: Variables
    ) -> None:
        if isinstance(part, Default | Coalesce | Conditional) and found & wanted:
            self._each(part, wanted, takes, scope)
        if not found & wanted:
            # Null is never what is wanted, though it may be read like something absent.
            message = f"{takes} {_said(wanted - _NULL)}, this is {_said(found)}"
            self.misfits.append(Misfit(part, message, _mend(found, wanted)))

    def _each(
        self, part: Default | Coalesce | Conditional, wanted: Kinds, takes: str, scope: Variables
    ) -> None:
        """Note each possible value of a part that is not of a wanted type."""
        for value in _options(part):
            found = Operands().of(value, scope, asked=True)
            if not found & wanted and found != _NULL:
                message = f"{takes} {_said(wanted - _NULL)}, and this is {_said(found)}"
                self.stand_ins.append(Misfit(value, message, "let it be of the same type"))


def _options(expr: Expr) -> Iterator[Expr]:
    """The values among which an expression chooses."""
    match expr:
        case Default(path, last):
            yield path
            yield from _options(last)
        case Coalesce(paths, last):
            yield from paths
            yield from _options(last)
        case Conditional(_, then, otherwise):
            yield from _options(then)
            yield from _options(otherwise)
        case _:
            yield expr


class Operated(Struct, frozen=True):
    """What is wrong with an expression: misfits that fail `always`, or `sometimes`.

    `stand_ins` are fallbacks and alternatives that do not fit. The expression begins at `offset` in
    the text at `path`.
    """

    path: Path
    offset: int
    always: Sequence[Misfit]
    sometimes: Sequence[Misfit]
    stand_ins: Sequence[Misfit] = ()

    def located(self, document: Document, misfit: Misfit) -> Location:
        """Where one of its parts stands."""
        start, end = self.offset + misfit.part.start, self.offset + misfit.part.end
        return document.in_string(self.path, start, end)


def operated(plan: Plan, types: Types) -> Iterator[Operated]:
    """What is wrong with the expressions of a plan, agents' texts included."""
    for expr, path, offset, place in expressions(plan):
        yield from _walked(expr, path, offset, Variables(types, place))
    for each in agent_texts(plan):
        if each.template is not None:
            within = each.types(plan)
            for _, offset, expr in template_expressions(each.template):
                yield from _walked(expr, each.path, offset, Variables(within, ""))


def _walked(expr: Expr, path: Path, offset: int, scope: Variables) -> Iterator[Operated]:
    walk = Operands()
    walk.of(expr, scope)
    if walk.misfits or walk.mixtures or walk.stand_ins:
        yield Operated(path, offset, walk.misfits, walk.mixtures, walk.stand_ins)


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Literal) and kind_of(expr.value) in NUMBER and not expr.value


def _said(kinds: Kinds) -> str:
    """`list or map`; int and double together are a `number`."""
    words = set(kinds - NUMBER) | {"number"} if kinds >= NUMBER else set[str](kinds)
    return " or ".join(sorted(words))


def _mend(found: Kinds, wanted: Kinds) -> str | None:
    if wanted == BOOL:
        return "compare it with something"
    if wanted & NUMBER and found == {"string"}:
        return "int(x) and double(x) read a number from text"
    if wanted & NUMBER and found <= NUMBER:
        return "convert one with int() or double()"
    if "string" in wanted and found <= NUMBER | BOOL:
        return "string(x) writes it as text"
    return None
