"""What is known to hold at a reference.

A step runs only if its `when` holds, a case only for its label, one side of `? :` only if the
condition says so. From each of these it follows that some paths exist, and that a step which waits
on the same condition was not skipped.
"""

from bisect import bisect_right
from collections.abc import Iterator
from functools import partial, reduce
from itertools import count

from msgspec.structs import replace

from agentflow.contracts.describe import path_text
from agentflow.lint.conditions import (
    facts,
    not_empty,
    proven,
    shown,
    strict,
)
from agentflow.lint.known import RAN, Known
from agentflow.lint.taken_cases import (
    by_ways,
    chosen,
    may_be_default,
    may_be_taken,
    may_come_to,
)
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.cases import Case, case_at, leads_to
from agentflow.plan.limits import Limit
from agentflow.plan.loop_states import loop_around
from agentflow.plan.schemas import Contract, alternatives, self_contained
from agentflow.plan.scopes import read_outside, step_in_reach
from agentflow.plan.shapes import DEFAULT, case_in_words
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import ReadPath, paths_in, together, way_of
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Select,
    Unary,
)
from agentflow.spec.document import Document, Path
from agentflow.spec.expressions import parse_expression
from agentflow.spec.templates import Whole, parse_template, template_expressions
from agentflow.spec.yaml.nodes import Scalar

#: Keys that hold a bare expression. A field of a value may have such a name as well.
_CONDITIONS = frozenset({"when", "until", "that"})
#: How far conditions are followed from step to step.
_MOST_STEPS = 16


class Guards:
    """What is known at each place of a plan."""

    def __init__(self, document: Document, plan: Plan, types: Types) -> None:
        self._document = document
        self._plan = plan
        self._types = types
        self._known: dict[str, Known] = {"": Known()}
        self._conditions: dict[str, Known] = {}
        #: Of contracts by their identity, which the plan keeps.
        self._alternatives: dict[int, bool] = {}
        self._parsed: tuple[Path, list[tuple[int, Expr]]] = ((), [])

    def at(self, use: Use) -> Known:
        """What is known where a reference stands."""
        step = self._plan.steps.get(use.reader)
        if step is None or not read_outside(step, use.path):
            known = self.around(use.reader)
        else:
            known = self.around(address.parent(use.reader) or "")
            if use.path[len(step.path)] == "for_each":
                known = self._after_when(step, known)
        known = self._after_round(use, known)
        return self._with_what_ran(self._within(use, known), use.reader)

    def narrow(self, use: Use, *, inside: bool = False, beside: bool = False) -> bool:
        """Does a condition choose among the values that a reference can have where it stands?

        If the producer has alternatives, a condition on any of its fields may; otherwise, with
        `beside`, one on a neighbouring field. What is `inside` a list does not depend on how long
        the list is.
        """
        root, path = use.reference.root, use.reference.path
        if root == "loop":
            path = ()  # the state may well depend on the iteration
        elif self._has_alternatives(use):
            path = path[: 2 if root == "steps" else 0]
        elif beside:
            path = path[:-1]
        read = path_text((root, *(part for part in path if part is not None)))
        known = self.at(use)
        return known.compares(read, sizes=not inside) or self._chooses_case(use, known)

    def _chooses_case(self, use: Use, known: Known) -> bool:
        """Does a condition read the value by which the switch that is read chooses?"""
        step = self._plan.steps.get(use.target or "")
        if step is None or not isinstance(step.switch, Whole):
            return False
        return known.compares(shown(step.switch.expr, self._selector(step)))

    def may_be_case(self, use: Use, words: str) -> bool:
        """Can a reference to a switch read the output of `case 'x'`, or of `the default`?"""
        step = self._plan.steps.get(use.target or "")
        if step is None or not isinstance(step.switch, Whole):
            return True
        selector, text, known = step.switch.expr, self._selector(step), self.at(use)
        if words == DEFAULT:
            come_to = self_contained(self._types.of(selector, step.address))
            return may_be_default(selector, text, frozenset(step.cases), known, come_to)
        return all(
            may_be_taken(selector, text, label, known)
            for label in step.cases
            if case_in_words(label) == words
        )

    def _selector(self, switch: StepPlan) -> str:
        """The text that the expression of a switch was parsed from."""
        assert isinstance(switch.switch, Whole)
        return self._text((*switch.path, "switch"))[switch.switch.offset :]

    def _has_alternatives(self, use: Use) -> bool:
        """Can one field of an output, or of the inputs, depend on another?"""
        schema = self._plan.inputs.schema
        if use.reference.root != "inputs":
            step = self._plan.steps.get(use.target or "")
            if step is None or step.contract is None:
                return True
            schema = step.contract.schema
        known = self._alternatives.get(id(schema))
        if known is None:
            known = self._alternatives[id(schema)] = alternatives(schema)
        return known

    def condition(self, step: StepPlan) -> Known:
        """What holds if a step runs, by its own `when`."""
        known = self._conditions.get(step.address)
        if known is None:
            known = Known()
            if step.when is not None:
                known = known.assuming(step.when, step.when_text, True)
            self._conditions[step.address] = known
        return known

    def runs(self, step: StepPlan, known: Known) -> bool:
        """Does the `when` of a step certainly hold where this is known?"""
        pending, seen = [step], {step.address}
        while pending and len(seen) < _MOST_STEPS:
            step = pending.pop()
            scope = address.parent(step.address) or ""
            for part, truth in together(step.when, True) if step.when is not None else ():
                if self.settled(part, step.when_text, truth, scope, known):
                    continue
                fact = next(facts(part, step.when_text, truth))
                match = RAN.fullmatch(fact[0]) if fact[1] else None
                if match is None:
                    return False
                other = address.child(scope, match[1] or match[2])
                if known.exists("steps", (match[1] or match[2], "output")) or other in seen:
                    continue
                if other not in self._plan.steps or skipping(self._plan.steps[other]):
                    return False
                # That step ran if its own condition held: what fails otherwise ends the scope.
                seen.add(other)
                pending.append(self._plan.steps[other])
        return not pending

    def settled(self, part: Expr, text: str, truth: bool, place: str, known: Known) -> bool:
        """Does a condition read at `place` certainly come to `truth` where this is known?"""
        return known.settles(part, text, truth, partial(self._of_subject, place))

    def _of_subject(self, place: str, limit: Limit, part: Expr) -> Contract | None:
        """What is known of the value that a limit is on, which a condition compares."""
        for one in paths_in(part):
            if way_of(one) == (limit.subject.root, limit.subject.way):
                return self_contained(self._types.of(one, place))
        return None

    def _after_round(self, use: Use, known: Known) -> Known:
        """What is known at the end of an iteration: `output` follows `until`, `next` its opposite.

        The `catch` of an exhausted loop is read after its last iteration.
        """
        around = loop_around(self._plan, use.reader) or self._plan.steps.get(use.reader)
        if around is None or around.loop is None or around.loop.until is None:
            return known
        inside = use.path[len(around.path) :]
        if inside[:2] in (("loop", "output"), ("loop", "next")):
            truth = inside[1] == "output"
        elif inside[:2] == ("catch", "exhausted"):
            truth = False
        else:
            return known
        return known.assuming(around.loop.until, around.loop.until_text, truth)

    def _with_what_ran(self, known: Known, place: str) -> Known:
        """What is known, and what held when those steps ran whose output is known to exist."""
        for name in known.skipped():
            step = step_in_reach(self._plan, name, place)
            if step is not None and step.when is not None and not skipping(step):
                known = known.assuming(step.when, step.when_text, False)
        for limit in known.limits:
            known = known.also(self._by_output(limit, place))
        pending, seen = known.outputs(), set[str]()
        while pending and len(seen) < _MOST_STEPS:
            step = step_in_reach(self._plan, pending.pop(), place)
            if step is None or step.when is None or step.address in seen:
                continue
            seen.add(step.address)
            before = known.outputs()
            known = self._after_when(step, known)
            pending.extend(set(known.outputs()).difference(before))
        return known

    def _by_output(self, limit: Limit, place: str) -> Known:
        """What follows from the value of a switch: one of the cases that can have it was taken."""
        way = limit.subject.way
        if limit.subject.root != "steps" or limit.subject.size or way[1:2] != ("output",):
            return Known()
        switch = step_in_reach(self._plan, str(way[0]), place)
        if switch is None or not isinstance(switch.switch, Whole):
            return Known()
        if switch.catch or switch.for_each is not None:
            return Known()
        taken = [
            self._taken(case, case.value, Known())
            for scope in switch.scopes
            if may_come_to(scope.output, way[2:], limit)
            and (case := case_at(self._plan, scope.address)) is not None
            and case.value is not None
        ]
        return reduce(Known.common, taken) if taken else Known()

    def around(self, place: str) -> Known:
        """What is known at an address, from everything around it, the outermost first."""
        for at in reversed(list(enclosing(place))):
            if at not in self._known:
                self._known[at] = self._inside(at, self._known[address.parent(at) or ""])
        return self._known[place]

    def _inside(self, at: str, outer: Known) -> Known:
        """What is known inside one step or case."""
        step = self._plan.steps.get(at)
        if step is None:
            return self._inside_case(at, outer)
        known = self._after_when(step, outer)
        if step.for_each is not None and isinstance(step.for_each.over, Whole):
            return known.plus((), not_empty(step.for_each.over.expr))
        return known

    def _after_when(self, step: StepPlan, known: Known) -> Known:
        return known.also(self.condition(step))

    def _inside_case(self, at: str, outer: Known) -> Known:
        """A case runs for its label only, the default for none of the labels."""
        case = case_at(self._plan, at)
        if case is None or case.value is None:
            return outer
        return self._taken(case, case.value, outer)

    def _taken(self, case: Case, value: Expr, outer: Known) -> Known:
        """What is known where a switch over a value has come to a case."""
        text = self._selector(case.switch)
        taken = [
            fact for label in case.labels for fact in chosen(value, text, label, not case.others)
        ]
        if case.others:
            sizes = {int(label) for label in case.labels if label.isdecimal()}
            least = next(size for size in count() if size not in sizes)
            outer = outer.plus((), _sized(value, least))
        else:
            label = case.labels[0]
            size = int(label) if label.isdecimal() else 0
            outer = outer.plus((), (*proven(leads_to(value, label), True), *_sized(value, size)))
        outer = outer.plus(taken, strict(value))
        return by_ways(value, text, case, outer) or outer

    def _within(self, use: Use, known: Known) -> Known:
        """What is known inside the expression too, on the way to the reference."""
        parsed = self._expressions_at(use.path)
        offset, expr = parsed[bisect_right(parsed, use.start, key=lambda each: each[0]) - 1]
        text = self._text(use.path)[offset : offset + expr.end]
        place = use.start - offset, use.end - offset
        here: Expr | None = expr
        while here is not None:
            known, here = _down(here, text, place, known)
        return known

    def _expressions_at(self, path: Path) -> list[tuple[int, Expr]]:
        """The expressions of a text, each with its offset.

        Those of the last text are kept, since questions about one text come in a row.
        """
        if self._parsed[0] != path:
            text = self._text(path)
            if path[-1] in _CONDITIONS and "${{" not in text:
                expressions = [(0, parse_expression(text))]
            else:
                template = parse_template(text)
                expressions = [(at, expr) for _, at, expr in template_expressions(template)]
            self._parsed = path, expressions
        return self._parsed[1]

    def _text(self, path: Path) -> str:
        node = self._document.node(path)
        return node.text if isinstance(node, Scalar) else ""


def skipping(step: StepPlan) -> tuple[str, ...]:
    """The failures after which a step is skipped; a skipped item only shortens the list."""
    if step.for_each is not None:
        return ()
    return tuple(key for key, action in step.catch.items() if action.may_skip)


def _sized(value: Expr, least: int) -> Iterator[ReadPath]:
    """The paths that have a value if a size is at least this large."""
    if isinstance(value, Call) and value.function == "size":
        yield from proven(Binary(">=", value, Literal(least, 0, 0), 0, 0), True)


def _holds(expr: Expr, start: int, end: int) -> bool:
    return expr.start <= start and end <= expr.end


def _down(expr: Expr, text: str, place: tuple[int, int], known: Known) -> tuple[Known, Expr | None]:
    """The operand around a place in the text, and what is known there."""
    match expr:
        case Conditional(condition, then, _) if _holds(then, *place):
            return known.assuming(condition, text, True), then
        case Conditional(condition, _, otherwise) if _holds(otherwise, *place):
            return known.assuming(condition, text, False), otherwise
        case Binary("&&" | "||" as operator, left, right):
            # The side that decides makes up for an error on the other, whichever comes first.
            here, there = (right, left) if _holds(right, *place) else (left, right)
            return known.assuming(there, text, operator == "&&"), here
        case Comprehension(_, source, _, body) if _holds(body, *place):
            return known.plus((), not_empty(source)), body
        case Default(_, last) | Coalesce(_, last) if _holds(last, *place):
            return replace(known, instead=True), last
    return known, next((part for part in _operands(expr) if _holds(part, *place)), None)


def _operands(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Unary(_, operand) | Select(operand):
            return (operand,)
        case Has(path):
            return (path,)
        case Index(left, right) | Binary(_, left, right):
            return (left, right)
        case Conditional(condition, then, otherwise):
            return (condition, then, otherwise)
        case Call(_, parts) | ListLiteral(parts):
            return parts
        case MapLiteral(entries):
            return tuple(part for entry in entries for part in entry)
        case Comprehension(_, source, _, body):
            return (source, body)
        case Default(path, last):
            return (path, last)
        case Coalesce(paths, last):
            return (*paths, last)
    return ()
