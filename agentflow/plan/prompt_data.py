"""How long the data in a prompt can get: what a model is shown of its input.

The value of a path is at most as long as the agent's contract allows, or the type of what the step
hands over, whichever is less. The result of an operator is no longer than all that it reads, as
JSON, plus the expression itself. What can repeat a value any number of times (`map` with words of
its own, `join` with a long separator) has no bound.
"""

from math import inf

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.contracts.size import Size, size_of_object, size_of_part
from agentflow.plan.amounts import NONE, Bound, plus
from agentflow.plan.steps import CallPlan, ChatPlan
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import (
    Call,
    Comprehension,
    Expr,
    Has,
    Identifier,
    Index,
    Literal,
    Select,
    parts,
    spine,
)
from agentflow.spec.expressions import references
from agentflow.spec.templates import Constant, MapOf, template_expressions

#: The most bytes of a character in an expression, and of a number that it computes.
_OF_SOURCE, _OF_A_NUMBER = 8, 24
#: Functions whose result is no longer than their arguments.
_NO_LONGER = frozenset(
    {"contains", "double", "endsWith", "int", "lowerAscii", "size", "startsWith", "string"}
    | {"trim", "upperAscii"}
)
#: The longest separator that takes no more room than quotes and a comma between items do.
_SEPARATOR = 4


def shown(call: CallPlan, chat: ChatPlan, passed: Schema | None) -> Bound:
    """The bytes of all data in the prompt of a call; `passed` is the type of its input."""
    given = _Given(call, passed)
    if chat.prompt is None:
        return given.size((), as_text=False)
    most = NONE
    for _, _, expr in template_expressions(chat.prompt):
        most = plus(most, _piece(expr, given))
    return most


class _Given(Struct, frozen=True):
    """The input of a call, as far as it is known."""

    call: CallPlan
    passed: Schema | None

    def size(self, path: tuple[str | int, ...], *, as_text: bool) -> Bound:
        """How long the value of a path can get."""
        names = self._names()
        if not path and names is not None:
            found = size_of_object({name: self._part((name,), as_text=False) for name in names})
        else:
            found = self._part(path, as_text=as_text)
        if found.field is None:
            return Bound(found.bytes)
        return Bound(inf, f"agents.{self.call.agent}.input{found.field}")

    def _part(self, path: tuple[str | int, ...], *, as_text: bool) -> Size:
        own = size_of_part(self.call.input.schema, path, as_text=as_text)
        if self.passed is None:
            return own
        other = size_of_part(self.passed, path, as_text=as_text)
        return other if other.bytes < own.bytes else own

    def _names(self) -> list[str] | None:
        """The fields that are given; None if they are not known."""
        match self.call.arguments:
            case MapOf(entries):
                return [name for name, _ in entries]
            case Constant(dict() as fields):
                return list(fields)
            case _:
                return None


def _piece(expr: Expr, given: _Given) -> Bound:
    """How long the value of one expression can get."""
    read = references(expr)
    match expr:
        case Call("json", (value,)) if len(read) == 1 and isinstance(spine(value)[-1], Identifier):
            return given.size(known(read[0].path), as_text=False)
    if isinstance(spine(expr)[-1], Identifier) and len(read) == 1:
        path = known(read[0].path)
        return given.size(path, as_text=len(path) == len(read[0].path))
    if not _once(expr):
        return Bound(inf, f"agents.{given.call.agent}.prompt")
    most = Bound(_OF_SOURCE * (expr.end - expr.start) + _OF_A_NUMBER)
    for reference in read:
        most = plus(most, given.size(known(reference.path), as_text=False))
    return most


def known(path: Steps) -> tuple[str | int, ...]:
    """A path as far as it is known before a run."""
    steps: list[str | int] = []
    for step in path:
        if step is None:
            break
        steps.append(step)
    return tuple(steps)


def _once(expr: Expr) -> bool:
    """Does the value of an expression contain everything that it reads or says at most once?"""
    match expr:
        case Literal() | Identifier() | Has():
            return True
        case Select() | Index():
            *way, start = spine(expr)
            return _once(start) and all(_once(node.key) for node in way if isinstance(node, Index))
        case Call("join", (joined, *rest)):
            return _once(joined) and all(_is_short(separator) for separator in rest)
        case Call("json", (value,)):
            return isinstance(spine(value)[-1], Identifier)
        case Call(function, args):
            return function in _NO_LONGER and all(map(_once, args))
        case Comprehension("map", source, variable, body):
            start = spine(body)[-1]
            return _once(source) and isinstance(start, Identifier) and start.name == variable
        case Comprehension(_, source, _, _):
            return _once(source)
        case _:
            return all(map(_once, parts(expr)))


def _is_short(separator: Expr) -> bool:
    value = separator.value if isinstance(separator, Literal) else None
    return isinstance(value, str) and len(value.encode(errors="replace")) <= _SEPARATOR
