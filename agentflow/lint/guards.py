"""What is known to hold where a reference stands.

A step runs only if its `when` holds, a case only for its label, one side of `? :` only if the
condition says so. From each of these follows that some paths exist, and that a step which waits
on the same condition was not skipped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agentflow.lint.conditions import Fact, ReadPath, facts, not_empty, proven, shown, strict
from agentflow.lint.shapes import Steps, enclosing
from agentflow.plan import address
from agentflow.plan.steps import Path, Plan, StepPlan, Use
from agentflow.spec.document import Document
from agentflow.spec.expressions import parse_expression
from agentflow.spec.nodes import Scalar
from agentflow.spec.syntax import (
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
    MapLiteral,
    Select,
    Unary,
)
from agentflow.spec.templates import Whole, parse_template, template_expressions


@dataclass(frozen=True, slots=True)
class Known:
    """What holds somewhere.

    `existing` are paths that have a value; so has all that leads to them. `instead` says that
    this stands in for another value that does not exist.
    """

    facts: frozenset[Fact] = frozenset()
    existing: frozenset[ReadPath] = frozenset()
    instead: bool = False

    def exists(self, root: str, steps: Steps) -> bool:
        """Is it known that this path has a value?"""
        length = len(steps)
        return any(root == known and way[:length] == steps for known, way in self.existing)

    def speaks_of(self, path: str) -> bool:
        """Does any condition here look at a part of what this path leads to?"""
        return any(f"{path}." in text for text, _ in self.facts)

    def plus(self, new_facts: Iterable[Fact], existing: Iterable[ReadPath]) -> "Known":
        """The same with more that holds."""
        return replace(
            self, facts=self.facts.union(new_facts), existing=self.existing.union(existing)
        )


class Guards:
    """What is known at the places of one plan."""

    def __init__(self, document: Document, plan: Plan) -> None:
        self._document = document
        self._plan = plan
        self._known: dict[str, Known] = {"": Known()}

    def at(self, use: Use) -> Known:
        """What is known where a reference stands."""
        step = self._plan.steps.get(use.reader)
        place = use.reader
        if step is not None and use.path == (*step.path, "when"):
            place = address.parent(use.reader) or ""
        return self._within(use, self._around(place))

    def condition(self, step: StepPlan) -> frozenset[Fact]:
        """What has to hold for a step to run, as far as its own `when` says."""
        return frozenset(facts(step.when, step.when_text, True)) if step.when else frozenset()

    def _around(self, place: str) -> Known:
        """What is known at an address: from all that encloses it, the outermost first."""
        for at in reversed(list(enclosing(place))):
            if at not in self._known:
                self._known[at] = self._inside(at, self._known[address.parent(at) or ""])
        return self._known[place]

    def _inside(self, at: str, outer: Known) -> Known:
        """What is known inside one step or case."""
        step = self._plan.steps.get(at)
        if step is None:
            return self._inside_case(at, outer)
        existing: list[ReadPath] = []
        if step.when is not None:
            existing.extend(proven(step.when, True))
        if step.for_each is not None and isinstance(step.for_each.over, Whole):
            existing.extend(not_empty(step.for_each.over.expr))
        return outer.plus(self.condition(step), existing)

    def _inside_case(self, at: str, outer: Known) -> Known:
        """A case runs for its label only."""
        switch = self._plan.steps.get(address.parent(at) or "")
        if switch is None or not isinstance(switch.switch, Whole):
            return outer
        chosen = switch.switch
        taken: list[Fact] = []
        if at != address.default_case(switch.address):
            text = self._text((*switch.path, "switch"))[chosen.offset :]
            taken.append((f'{shown(chosen.expr, text)}=="{address.name(at)}"', True))
        return outer.plus(taken, strict(chosen.expr))

    def _within(self, use: Use, known: Known) -> Known:
        """What is known inside the expression too, on the way to the reference."""
        text = self._text(use.path)
        for offset, expr in _expressions(text, bare=use.path[-1] == "when"):
            start, end = use.start - offset, use.end - offset
            here: Expr | None = expr if _holds(expr, start, end) else None
            while here is not None:
                known, here = _down(here, text[offset:], (start, end), known)
        return known

    def _text(self, path: Path) -> str:
        node = self._document.node(path)
        return node.text if isinstance(node, Scalar) else ""


def _expressions(text: str, *, bare: bool) -> Iterator[tuple[int, Expr]]:
    """The expressions of a text that was parsed before, each with its offset."""
    if bare:
        yield 0, parse_expression(text)
        return
    for _, offset, expr in template_expressions(parse_template(text)):
        yield offset, expr


def _holds(expr: Expr, start: int, end: int) -> bool:
    return expr.start <= start and end <= expr.end


def _down(expr: Expr, text: str, place: tuple[int, int], known: Known) -> tuple[Known, Expr | None]:
    """The operand around a place in the text, and what is known there."""
    match expr:
        case Conditional(condition, then, _) if _holds(then, *place):
            return _assumed(known, condition, text, True), then
        case Conditional(condition, _, otherwise) if _holds(otherwise, *place):
            return _assumed(known, condition, text, False), otherwise
        case Binary("&&", left, right) if _holds(right, *place):
            return _assumed(known, left, text, True), right
        case Binary("||", left, right) if _holds(right, *place):
            return _assumed(known, left, text, False), right
        case Default(_, last) | Coalesce(_, last) if _holds(last, *place):
            return replace(known, instead=True), last
    return known, next((part for part in _operands(expr) if _holds(part, *place)), None)


def _assumed(known: Known, condition: Expr, text: str, truth: bool) -> Known:
    return known.plus(facts(condition, text, truth), proven(condition, truth))


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
