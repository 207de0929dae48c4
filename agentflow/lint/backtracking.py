"""Can a regular expression take exponential time in an engine that backtracks?

It can if one loop can match the same text in two ways: n iterations then have 2^n ways, and all of
them are tried before a text is refused. So a pattern becomes an automaton whose states are the
places in it that match a character, and the question is whether two different places can be reached
from one place and lead back to it over the same characters (Weber and Seidl, "On the degree of
ambiguity of finite automata", 1991; for the time of matching Weideman et al., "Analyzing Matching
Time Behavior of Backtracking Regular Expression Matchers by Using Ambiguity of NFA", 2016).

Patterns that only take quadratic time are not reported, and neither is what cannot be decided: a
pattern that Python cannot parse, a loop with a lookaround or a backreference, and a loop after
which the pattern has matched.

We do this ourselves because the libraries for it search whole code bases (`regexploit`, without a
release since 2021), need seconds per pattern, or are not free.
"""

import re
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import sys
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from agentflow.plan.graph import components

#: Places of one pattern; how often something counted is written out; steps for one pattern, and for
#: all patterns of a spec.
_MOST_PLACES = 400
_MOST_COPIES = 70
_MOST_STEPS = 100_000
_STEPS_IN_ALL = 500_000

#: An escape or a set, which is skipped, or else the sign of an alternative.
_OR = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*+(?:\]|\Z))|\|", re.DOTALL)

_Node = TypeVar("_Node")
#: Characters as ranges of code points, both ends included.
Ranges: TypeAlias = tuple[tuple[int, int], ...]
#: Two places at once, the lower number first.
Pair: TypeAlias = tuple[int, int]

_ANY: Ranges = ((0, sys.maxunicode),)
_NONE: Ranges = ()
_CATEGORIES: Mapping[Any, Ranges] = {
    op.CATEGORY_DIGIT: ((48, 57),),
    op.CATEGORY_SPACE: ((9, 13), (32, 32)),
    op.CATEGORY_WORD: ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_OTHERS: Mapping[Any, Any] = {
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
    op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}
#: Characters to show, the first that fits.
_SHOWN = "a0 -_.,/:@A"


class _Unknown(Exception):
    """This pattern cannot be judged."""


class Explosions:
    """The explosive patterns of one spec, for a bounded amount of work."""

    def __init__(self) -> None:
        self._left = _STEPS_IN_ALL
        self._known: dict[str, str | None] = {}

    def pump(self, pattern: str) -> str | None:
        """A text that takes longer to refuse the more often it is repeated, or None."""
        if pattern not in self._known:
            self._known[pattern] = self._pump(pattern)
        return self._known[pattern]

    def _pump(self, pattern: str) -> str | None:
        if self._left <= 0 or not re.search(r"\)[*+{]", pattern):
            return None  # without a loop over a group there is one way round only
        try:
            todo = [parser.parse(_kept_apart(pattern))]
            while todo:
                automaton = _Automaton()
                automaton.read(todo.pop())
                todo += automaton.apart
                found = self._search(automaton)
                if found is not None:
                    return found
        except (re.error, RecursionError, OverflowError, _Unknown):
            return None
        return None

    def _search(self, automaton: "_Automaton") -> str | None:
        search = _Search(automaton, min(self._left, _MOST_STEPS))
        try:
            return search.pump()
        finally:
            self._left -= search.taken + automaton.edges.total()


class _Fragment(Struct, frozen=True):
    """A part of a pattern: where it can begin and end, and whether it can be empty."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    empty: bool


_EMPTY = _Fragment((), (), True)


class _Automaton:
    """The places of a pattern, and which can follow which (Glushkov's construction).

    `edges` counts in how many ways one place follows another. `unsure` are the places in loops of
    which nothing can be said, `open` those after which the pattern has matched, and `apart` are the
    patterns that it only looks ahead with.
    """

    def __init__(self) -> None:
        self.characters: list[Ranges] = []
        self.edges: Counter[tuple[int, int]] = Counter()
        self.unsure: set[int] = set()
        self.open: frozenset[int] = frozenset()
        self.apart: list[Any] = []
        self._asserted = 0

    def read(self, parsed: Any) -> None:
        """Take in a parsed pattern; raises `_Unknown`."""
        whole = self._sequence(parsed)
        self.open = frozenset(place for place in whole.last if self.characters[place] != _NONE)

    def _place(self, ranges: Ranges) -> _Fragment:
        if len(self.characters) >= _MOST_PLACES:
            raise _Unknown
        self.characters.append(ranges)
        here = (len(self.characters) - 1,)
        return _Fragment(here, here, False)

    def _sequence(self, items: Iterable[Any]) -> _Fragment:
        whole = _EMPTY
        for kind, argument in items:
            whole = self._then(whole, self._item(kind, argument))
        return whole

    def _then(self, one: _Fragment, other: _Fragment) -> _Fragment:
        self._join(one.last, other.first)
        return _Fragment(
            one.first + (other.first if one.empty else ()),
            other.last + (one.last if other.empty else ()),
            one.empty and other.empty,
        )

    def _join(self, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        if len(before) * len(after) > _MOST_PLACES * 20:
            raise _Unknown
        self.edges.update((one, other) for one in before for other in after)

    def _item(self, kind: Any, argument: Any) -> _Fragment:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            return self._place(_ranges(kind, argument))
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeated(*argument)
        if kind is op.SUBPATTERN:
            return self._sequence(argument[-1])
        if kind is op.BRANCH:
            parts = [self._sequence(part) for part in argument[1]]
            return _Fragment(
                tuple(place for part in parts for place in part.first),
                tuple(place for part in parts for place in part.last),
                any(part.empty for part in parts),
            )
        self._asserted += 1
        return self._condition(kind, argument)

    def _condition(self, kind: Any, argument: Any) -> _Fragment:
        """A part that consumes no character, or does not match by trying all ways."""
        if kind is op.AT:
            at_end = argument in (op.AT_END, op.AT_END_STRING)
            return self._place(_NONE) if at_end else _EMPTY
        if kind in (op.ASSERT, op.ASSERT_NOT):
            self.apart.append(argument[1])
            return _EMPTY
        if kind is op.GROUPREF:
            reference = self._place(_ANY)
            return _Fragment(reference.first, reference.last, True)
        start = len(self.characters)
        if kind is op.ATOMIC_GROUP:
            part = self._sequence(argument)
        elif kind is op.POSSESSIVE_REPEAT:
            part = self._repeated(*argument)
        else:
            raise _Unknown
        self.unsure.update(range(start, len(self.characters)))
        return part

    def _repeated(self, least: int, most: Any, body: Any) -> _Fragment:
        """A loop, or consecutive copies if its count is bounded."""
        start, asserted = len(self.characters), self._asserted
        endless = most is op.MAXREPEAT
        copies = [self._sequence(body) for _ in range(min(max(least, int(endless)), _MOST_COPIES))]
        if endless:
            self._join(copies[-1].last, copies[-1].first)
            if self._asserted > asserted:
                self.unsure.update(range(start, len(self.characters)))
            if not least:
                copies = [_Fragment(copies[0].first, copies[0].last, True)]
            most = least
        whole = _EMPTY
        for copy in copies:
            whole = self._then(whole, copy)
        return self._then(whole, self._optional(body, min(most - least, _MOST_COPIES)))

    def _optional(self, body: Any, times: int) -> _Fragment:
        """Up to so many copies, nested so that each number has one way only: `(x(x(x)?)?)?`."""
        inner = _EMPTY
        for _ in range(times):
            whole = self._then(self._sequence(body), inner)
            inner = _Fragment(whole.first, whole.last, True)
        return inner


def _kept_apart(pattern: str) -> str:
    """The pattern with an empty group in each alternative but the first.

    Without them Python reads `a|b` as `[ab]` and `a|a` as `a`, and the overlap is lost.
    """
    return _OR.sub(lambda found: found[0] if found[1] is not None else "|()", pattern)


def _ranges(kind: Any, argument: Any) -> Ranges:
    """The characters that one item of a pattern matches."""
    match kind:
        case op.LITERAL:
            return ((argument, argument),)
        case op.NOT_LITERAL:
            return _complement(((argument, argument),))
        case op.ANY:
            return _complement(((10, 10),))
        case op.RANGE:
            return (argument,)
        case op.CATEGORY:
            if argument in _OTHERS:
                return _complement(_CATEGORIES[_OTHERS[argument]])
            return _CATEGORIES[argument]
    negated = argument[0][0] is op.NEGATE
    each = (
        (_ranges(*part) for part in argument[1:] if negated)
        if negated
        else (_ranges(*part) for part in argument)
    )
    ranges = tuple(sorted(span for part in each for span in part))
    return _complement(ranges) if negated else ranges


def _complement(ranges: Ranges) -> Ranges:
    """All characters outside of these sorted ranges."""
    others, start = [], 0
    for low, high in ranges:
        if low > start:
            others.append((start, low - 1))
        start = max(start, high + 1)
    if start <= sys.maxunicode:
        others.append((start, sys.maxunicode))
    return tuple(others)


class _Search:
    """Searches for a loop with two ways round it, in a bounded number of steps."""

    def __init__(self, automaton: _Automaton, steps: int) -> None:
        self._automaton = automaton
        self._steps = steps
        self.taken = 0
        bounds = sorted(
            {end for part in automaton.characters for low, high in part for end in (low, high + 1)}
        )
        self._bounds = bounds
        #: The characters of each place, one bit for each stretch between two bounds.
        self._masks = [_mask(ranges, bounds) for ranges in automaton.characters]

    def pump(self) -> str | None:
        """A text that goes round a loop in two ways, or None. May raise `_Unknown`."""
        following: dict[int, list[int]] = {place: [] for place in range(len(self._masks))}
        for one, other in self._automaton.edges:
            following[one].append(other)
        for loop in components(following):
            inside = set(loop)
            if inside & (self._automaton.unsure | self._automaton.open):
                continue
            within = {place: [n for n in following[place] if n in inside] for place in loop}
            if not any(within.values()):
                continue
            found = self._twice(within) or self._apart(within)
            if found is not None:
                return found
        return None

    def _twice(self, loop: dict[int, list[int]]) -> str | None:
        """Round a loop by a place that follows another in two ways, as in `(a+)+`."""
        for one, others in loop.items():
            for other in others:
                if self._automaton.edges[one, other] > 1:
                    places = _way(loop, other, one)
                    return "".join(self._shown(self._masks[place]) for place in places)
        return None

    def _apart(self, loop: dict[int, list[int]]) -> str | None:
        """Round a loop from one place to two and back to one, over the same characters."""
        pairs: dict[Pair, list[Pair]] = {}
        pending: deque[Pair] = deque((place, place) for place in loop)
        pairs.update((pair, []) for pair in pending)
        while pending:
            pair = pending.popleft()
            for following in self._following(pair, loop):
                pairs[pair].append(following)
                if following not in pairs:
                    pairs[following] = []
                    pending.append(following)
        for tangle in components(pairs):
            meeting = next((pair for pair in tangle if pair[0] == pair[1]), None)
            parted = next((pair for pair in tangle if pair[0] != pair[1]), None)
            if meeting is not None and parted is not None:
                way = _way(pairs, meeting, parted)[1:] + _way(pairs, parted, meeting)[1:]
                return "".join(self._shown(self._common(pair)) for pair in way)
        return None

    def _following(self, pair: Pair, loop: dict[int, list[int]]) -> Iterator[Pair]:
        for one in loop[pair[0]]:
            self.taken += len(loop[pair[1]])
            if self.taken > self._steps:
                raise _Unknown
            for other in loop[pair[1]]:
                if self._common((one, other)):
                    yield (min(one, other), max(one, other))

    def _common(self, pair: Pair) -> int:
        return self._masks[pair[0]] & self._masks[pair[1]]

    def _shown(self, mask: int) -> str:
        """One of the characters in a mask."""
        for letter in _SHOWN:
            if mask >> bisect_right(self._bounds, ord(letter)) & 1:
                return letter
        return chr(self._bounds[(mask & -mask).bit_length() - 2])


def _mask(ranges: Ranges, bounds: list[int]) -> int:
    """Ranges as bits: bit n for the stretch that ends before the bound number n."""
    mask = 0
    for low, high in ranges:
        first, last = bisect_left(bounds, low), bisect_left(bounds, high + 1)
        mask |= (1 << last + 1) - (1 << first + 1)
    return mask


def _way(graph: Mapping[_Node, Collection[_Node]], start: _Node, end: _Node) -> list[_Node]:
    """The nodes of a shortest path, both ends included."""
    before: dict[_Node, _Node] = {start: start}
    pending = deque([start])
    while pending and end not in before:
        node = pending.popleft()
        for following in graph[node]:
            if following not in before:
                before[following] = node
                pending.append(following)
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]
