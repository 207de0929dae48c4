"""Doubts about the expressions of a plan: where they are, and which conditions address them."""

from collections.abc import Iterator, Sequence
from typing import get_args

from msgspec import Struct

from agentflow.lint.doubts import Doubt, Risk, Walk
from agentflow.lint.first_rounds import FirstRounds
from agentflow.lint.guards import Guards
from agentflow.lint.macro_variables import Variables
from agentflow.lint.operands import Operands
from agentflow.lint.written import conditions, expressions, in_text, templates
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.plan.uses import Use
from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.signatures import BOOL, NUMBER, STRING
from agentflow.spec.cel.syntax import Expr, Macro
from agentflow.spec.document import Document, Path
from agentflow.spec.templates import Whole
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

IN_TEXT = BOOL | NUMBER | STRING
_LIST: Kinds = frozenset({"list"})


class Doubted(Struct, frozen=True):
    """A doubt, and where the expression begins in the text at `path`."""

    doubt: Doubt
    path: Path
    offset: int

    @property
    def span(self) -> tuple[int, int]:
        """From where to where the part stands in the text."""
        return self.offset + self.doubt.part.start, self.offset + self.doubt.part.end

    def shown(self, document: Document) -> str:
        """The part as it is written."""
        node = document.node(self.path)
        assert isinstance(node, Scalar)
        return node.text[slice(*self.span)]


def doubts(plan: Plan, types: Types, rounds: FirstRounds) -> Iterator[Doubted]:
    """All doubts about the expressions of a plan; what fails in a first iteration is certain."""
    for expr, path, offset, place in expressions(plan):
        for doubt in Walk(Variables(types, place)).of(expr):
            yield Doubted(doubt, path, offset)
    for expr, path, offset, place, refused, taken in _wanted(plan):
        first = rounds.at(path, place)
        if first is not None and not Operands().of(expr, Variables(first, place)) & taken:
            continue
        for doubt in Walk(Variables(types, place)).value(expr, refused, taken):
            yield Doubted(doubt, path, offset)


def _wanted(plan: Plan) -> Iterator[tuple[Expr, Path, int, str, str, Kinds]]:
    """The expressions whose own value must be of a type, and what to say if it is not."""
    for condition, path, place in conditions(plan):
        yield condition, path, 0, place, f"{quoted(str(path[-1]))} does not take", BOOL
    for template, path, place in templates(plan):
        for part, at in in_text(template, path):
            yield part.expr, at, part.offset, place, "does not go into text", IN_TEXT
        if path[-2:] == ("for_each", "over") and isinstance(template, Whole):
            yield template.expr, path, template.offset, place, "is no list to go over", _LIST


def is_open(guards: Guards, uses: Sequence[Use], doubted: Doubted) -> bool:
    """Does no condition outside of the expression speak of what a doubt is about?

    `uses` are the references in the same text. Of the variables of macros, a condition on all items
    may.
    """
    start, end = doubted.span
    beside = doubted.doubt.risk is Risk.TYPE
    if not doubted.doubt.variable:
        return not any(
            guards.narrow(use, beside=beside)
            for use in uses
            if start <= use.start and use.end <= end
        )
    asked = {text for use in uses for text, _ in guards.at(use).facts}
    field = f".{way_of(doubted.doubt.part)[1][-1]}"
    return not any(
        f".{macro}(" in text and field in text for macro in get_args(Macro) for text in asked
    )
