"""Values with `${{ EXPRESSION }}` in their strings: parsed once, rendered often.

    value                                  template
    a string that is one `${{ x }}`        Whole      keeps the type of the expression's value
    a string with text around `${{ x }}`   Text       becomes a string
    a list or map with either inside       ListOf, MapOf
    anything else                          Constant   comes back as it is

`$${{` in a string stands for a `${{` that is text. Expansion happens once: what an expression
comes to is data, whatever characters it holds. So are the keys of maps.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from agentflow.spec.cel.evaluate import BUDGET, Evaluation, EvaluationError
from agentflow.spec.cel.syntax import Expr, Identifier
from agentflow.spec.cel.tokens import end_of_expression
from agentflow.spec.cel.values import Meter
from agentflow.spec.expressions import ExpressionError, parse_expression
from agentflow.spec.model import Json

_OPEN, _CLOSE = "${{", "}}"
#: Expressions of one string.
MOST_EXPRESSIONS = 1_000

#: Where a string lies in a value: keys of maps and indices of lists.
StringPath: TypeAlias = tuple[str | int, ...]


class Constant(Struct, frozen=True):
    """A value without expressions, rendered as it is and not copied."""

    value: Json


class Whole(Struct, frozen=True):
    """One expression; its text starts at `offset` in the string that holds it."""

    expr: Expr
    offset: int


class Text(Struct, frozen=True):
    """Text and expressions in turn; at least one is an expression."""

    parts: tuple[str | Whole, ...]


class ListOf(Struct, frozen=True):
    """A list of templates."""

    items: tuple["Template", ...]


class MapOf(Struct, frozen=True, dict=True):
    """A map of templates, as pairs of key and template in source order."""

    entries: tuple[tuple[str, "Template"], ...]

    @cached_property
    def named(self) -> Mapping[str, "Template"]:
        """The templates by their keys."""
        return dict(self.entries)


Template: TypeAlias = Constant | Whole | Text | ListOf | MapOf


#: What stands for a text in which something cannot be read: it comes to nobody knows what.
UNREAD = Whole(Identifier("", 0, 0), 0)


def parse_template(value: Json) -> Template:
    """The template that a JSON value is.

    Raises `ExpressionError` for the first thing wrong in it: its `path` leads to the string, its
    offsets count in that string. For a key with an expression in it, the path ends with the key.
    """
    return _parse(value, (), _raise)


def read_template(value: Json, tell: Callable[[ExpressionError], object]) -> Template:
    """The template that a JSON value is, with UNREAD for each string that is none.

    All that is wrong is told, as `parse_template` would raise it, and keeps nothing else from being read.
    """
    return _parse(value, (), tell)


def _raise(error: ExpressionError) -> None:
    raise error


def _parse(value: Json, path: StringPath, tell: Callable[[ExpressionError], object]) -> Template:
    def note(error: ExpressionError) -> None:
        error.path = path
        tell(error)

    if isinstance(value, str):
        return _parse_string(value, note)
    parsed: ListOf | MapOf
    if isinstance(value, list):
        items = (_parse(item, (*path, index), tell) for index, item in enumerate(value))
        parsed = ListOf(tuple(items))
        same = all(map(_is_as_written, parsed.items, value))
    elif isinstance(value, dict):
        entries = []
        for key, item in value.items():
            if (start := key.find(_OPEN)) >= 0:
                message = "the key of a map cannot hold an expression"
                error = ExpressionError(message, start, start + len(_OPEN))
                error.path = (*path, key)
                tell(error)
            entries.append((key, _parse(item, (*path, key), tell)))
        parsed = MapOf(tuple(entries))
        same = all(map(_is_as_written, (item for _, item in parsed.entries), value.values()))
    else:
        return Constant(value)
    return Constant(value) if same else parsed


def _is_as_written(template: Template, value: Json) -> bool:
    """Whether a template renders to the very value that it was parsed from."""
    return isinstance(template, Constant) and template.value is value


def _parse_string(text: str, note: Callable[[ExpressionError], object]) -> Template:
    parts: list[str | Whole] = []
    literal: list[str] = []  # pieces of the text since the last expression
    position = count = 0
    unread = False
    while (start := text.find(_OPEN, position)) >= 0:
        if start > position and text[start - 1] == "$":
            literal += (text[position : start - 1], _OPEN)
            position = start + len(_OPEN)
            continue
        literal.append(text[position:start])
        if before := "".join(literal):
            parts.append(before)
        literal.clear()
        count += 1
        inner = start + len(_OPEN)
        if count > MOST_EXPRESSIONS:
            message = f"a text has at most {MOST_EXPRESSIONS:,} expressions"
            note(ExpressionError(message, start, inner))
            return UNREAD
        try:
            end = _end(text, start)
        except ExpressionError as error:
            note(error)
            return UNREAD
        try:
            parts.append(Whole(parse_expression(text[inner:end]), inner))
        except ExpressionError as error:
            error.start += inner
            error.end += inner
            note(error)
            unread = True
        position = end + len(_CLOSE)
    if unread:
        return UNREAD
    if not parts and not literal:
        return Constant(text)
    literal.append(text[position:])
    if after := "".join(literal):
        parts.append(after)
    match parts:
        case [str(constant)]:
            return Constant(constant)
        case [Whole() as whole]:
            return whole
        case _:
            return Text(tuple(parts))


def _end(text: str, start: int) -> int:
    """Where the expression of the `${{` at `start` ends."""
    inner = start + len(_OPEN)
    end = end_of_expression(text, inner)
    if end < 0:
        advice = "close it with '}}', or write '$${{' where it is meant as text"
        raise ExpressionError("'${{' is never closed", start, inner, advice)
    return end


def template_expressions(template: Template) -> Iterator[tuple[StringPath, int, Expr]]:
    """The expressions of a template in source order, without what could not be read.

    With each comes the path to its string, and the offset in that string that its own offsets
    count from.
    """
    match template:
        case Whole(expr, offset):
            if template is not UNREAD:
                yield (), offset, expr
        case Text(parts):
            for part in parts:
                if isinstance(part, Whole):
                    yield (), part.offset, part.expr
        case ListOf(items):
            for index, item in enumerate(items):
                for path, offset, expr in template_expressions(item):
                    yield (index, *path), offset, expr
        case MapOf(entries):
            for key, item in entries:
                for path, offset, expr in template_expressions(item):
                    yield (key, *path), offset, expr


def render(template: Template, scope: Mapping[str, Json], budget: int = BUDGET) -> Json:
    """The value of a template over a scope, as `evaluate` takes it.

    All its expressions together have one budget. What is constant is shared with the template
    and must not be changed. Raises `EvaluationError`, whose `path` leads to the string and whose
    offsets count in it.
    """
    if isinstance(template, Constant):
        return template.value
    return _render(template, Evaluation(scope, Meter(budget)))


def _render(template: Template, evaluation: Evaluation) -> Json:
    match template:
        case Constant(value):
            return value
        case Whole():
            return _evaluate(template, evaluation.result)
        case Text(parts):
            return "".join(
                part if isinstance(part, str) else _evaluate(part, evaluation.text)
                for part in parts
            )
        case ListOf(items):
            return [_render_inside(index, item, evaluation) for index, item in enumerate(items)]
        case MapOf(entries):
            return {key: _render_inside(key, item, evaluation) for key, item in entries}


def _render_inside(key: str | int, template: Template, evaluation: Evaluation) -> Json:
    """What lies under a key or an index, whose errors get it as the first part of their path."""
    try:
        return _render(template, evaluation)
    except EvaluationError as error:
        error.path = (key, *error.path)
        raise


def _evaluate(whole: Whole, evaluate: Callable[[Expr], Json]) -> Json:
    """What an expression comes to, whose errors get offsets in its string."""
    try:
        return evaluate(whole.expr)
    except EvaluationError as error:
        error.start += whole.offset
        error.end += whole.offset
        raise
