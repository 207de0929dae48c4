"""Parallel steps whose conditions cut a number into bands, and where two bands meet.

A band is the range of a number in which a step runs, given by the comparisons in its `when`:
`score >= 50 && score < 80`. Bands belong together if they are about the same number and the rest of
their conditions is the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from math import inf
from typing import TypeAlias

from msgspec import Struct

from agentflow.lint.conditions import Fact, facts
from agentflow.lint.macro_variables import Variables
from agentflow.lint.rule import Context
from agentflow.lint.verdicts import steps_read
from agentflow.plan import address
from agentflow.plan.limits import Subject, limits
from agentflow.plan.numbers import Range, bound, meet, range_of_expression
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.logic import together
from agentflow.spec.cel.syntax import Binary, Expr
from agentflow.spec.expressions import references
from agentflow.spec.templates import Whole

#: A step that reads a value, and whether its `switch` does. If there are more of them than these,
#: they are not looked at one by one.
_Reader: TypeAlias = tuple[StepPlan, bool]
_MOST_READERS = 100


class Band(Struct, frozen=True):
    """The numbers for which a step runs; `subject` is what they are of, written as `text`."""

    step: StepPlan
    span: Range
    subject: Subject
    text: str


class Meeting(Struct, frozen=True):
    """Two bands that meet at a number, which is in both of them if `twice`, or else in neither."""

    lower: Band
    upper: Band
    number: float
    twice: bool


def meetings(context: Context) -> Iterator[Meeting]:
    """Where bands that belong together overlap in a number, or leave one out."""
    readers = _readers(context)
    for bands in _bands(context).values():
        by_low, told = dict[float, list[Band]](), set[float]()
        for band in bands:
            by_low.setdefault(band.span.low, []).append(band)
        for lower in bands if len(bands) > 1 else ():
            found = _meeting(lower, by_low)
            if found is None or found.number in told:
                continue
            if found.twice or not _is_spoken_of(found, readers):
                told.add(found.number)
                yield found
    yield from _unasked(context, readers)


def _bands(context: Context) -> Mapping[object, Sequence[Band]]:
    """The bands, grouped by what makes them belong together."""
    found: dict[object, list[Band]] = {}
    for step in context.plan.steps.values() if context.plan is not None else ():
        if step.when is not None:
            for key, band in _cut(context, step, step.when):
                found.setdefault(key, []).append(band)
    return found


def _cut(context: Context, step: StepPlan, condition: Expr) -> Iterator[tuple[object, Band]]:
    """The bands of a condition, or of a part of it, each with what makes others belong to it."""
    place, spans = address.parent(step.address) or "", dict[Subject, tuple[Range, str]]()
    scope, others = Variables(context.types, place), dict[Subject, set[Fact]]()
    for part, holds in together(condition, True):
        asked, limit = bound(part, holds), next(limits(part, holds), None)
        domain = range_of_expression(asked.of, scope.of) if asked is not None else None
        if asked is None or limit is None or domain is None:
            continue
        text = step.when_text[asked.of.start : asked.of.end]
        span, _ = spans.get(limit.subject, (domain, text))
        spans[limit.subject] = meet(span, asked.span), text
        others.setdefault(limit.subject, set()).update(facts(part, step.when_text, holds))
    all_of_it = frozenset(facts(condition, step.when_text, True)) if spans else frozenset()
    for subject, (span, text) in spans.items():
        yield (place, subject, all_of_it - others[subject]), Band(step, span, subject, text)


def _unasked(context: Context, readers: Mapping[object, Sequence[_Reader]]) -> Iterator[Meeting]:
    """The numbers between those for which a step runs unasked and those for which people are asked.

    `when: size <= 1 || default(steps.ask.output, false)`, and `ask` has `when: size > 2`. What the two
    conditions ask beside it makes no difference to that number.
    """
    plan = context.plan
    for step in plan.steps.values() if plan is not None else ():
        if plan is None or not isinstance(step.when, Binary) or step.when.operator != "||":
            continue
        scope = address.parent(step.address) or ""
        for own, answer in permutations((step.when.left, step.when.right)):
            bands = [band for _, band in _cut(context, step, own)]
            for asked in steps_read(plan, answer, scope) if bands else ():
                if asked.question is None or asked.when is None:
                    continue
                for _, other in _cut(context, asked, asked.when):
                    beside = asked.path[:-1] == step.path[:-1] or other.subject.root == "inputs"
                    pairs = ((band, other) for band in bands if band.subject == other.subject)
                    for pair in pairs if beside else ():
                        yield from _left_out(pair, readers)


def _left_out(
    pair: tuple[Band, Band], readers: Mapping[object, Sequence[_Reader]]
) -> Iterator[Meeting]:
    """The number between two bands of a question and of what may follow it, if nothing else looks at it."""
    lower, upper = sorted(pair, key=lambda band: band.span.low)
    found = _meeting(lower, {upper.span.low: [upper]})
    if found is None or found.twice:
        return
    done, asked = (band.step for band in pair)
    following = [step for step, _ in readers.get(asked.id, ())]
    others = readers[lower.subject.root, lower.subject.way]
    if all(step in (done, asked) or step in following for step, _ in others):
        yield found


def _meeting(lower: Band, by_low: Mapping[float, Sequence[Band]]) -> Meeting | None:
    """Where a band meets one above it, if both contain that number or neither does."""
    span = lower.span
    if span.high == inf or span.is_empty:
        return None
    # Bands of whole numbers always include their ends.
    between = (span.high + 1, span.high + 2) if span.whole else (span.high, span.high)
    for number, start, twice in ((span.high, span.high, True), (*between, False)):
        for upper in by_low.get(start, ()):
            ends = span.high_open, upper.span.low_open
            meets = span.whole or ends == (not twice, not twice)
            if meets and span.low < upper.span.low and span.high < upper.span.high:
                return Meeting(lower, upper, number, twice)
    return None


def _readers(context: Context) -> Mapping[object, Sequence[_Reader]]:
    """The steps that read a value, or a step, in `when` or `switch`."""
    found: dict[object, list[_Reader]] = {}
    for step in context.plan.steps.values() if context.plan is not None else ():
        selector = step.switch.expr if isinstance(step.switch, Whole) else None
        for expr, switches in ((step.when, False), (selector, True)):
            for each in references(expr) if expr is not None else ():
                found.setdefault((each.root, each.path), []).append((step, switches))
                if each.root == "steps" and each.path:
                    found.setdefault(each.path[0], []).append((step, switches))
    return found


def _is_spoken_of(found: Meeting, readers: Mapping[object, Sequence[_Reader]]) -> bool:
    """May a number be left out of two bands on purpose, or be handled elsewhere?

    Conditions on the sign of a number need not do anything about 0.
    """
    subject, pair = found.lower.subject, (found.lower.step, found.upper.step)
    looking = [*readers[subject.root, subject.way]]
    for step in pair:
        looking += readers.get(step.id, ())
    if (found.number == 0 and not subject.size) or len(looking) > _MOST_READERS:
        return True
    for step, switches in looking:
        if step is pair[0] or step is pair[1]:
            continue
        asked = limits(step.when, True) if step.when is not None else ()
        left_out = (each for each in asked if each.subject == subject)
        if switches or all(each.fulfilled_by(found.number) for each in left_out):
            return True
    return False
