"""How many items a text asks a model for: `exactly five ideas`, `at least 10 sources`.

English is assumed. Nothing is reported if another number in the texts fits the list: a model that
is to think of ten ideas and to return the best three is told both numbers.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.lint.stems import stem, stems
from agentflow.lint.texts import Written
from agentflow.plan.numbers import size_of
from agentflow.plan.schemas import Contract

_WORDS = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_NUMBERS = {word: number for number, word in enumerate(_WORDS, start=1)}
_NUMBER = rf"\d{{1,4}}|{'|'.join(_NUMBERS)}"
_AMOUNT = re.compile(
    rf"\b(?:(?P<least>at least|no fewer than|no less than|a minimum of)|(?P<most>at most|no more than|a maximum of)"
    rf"|exactly|precisely)\s+(?P<number>{_NUMBER})\s+(?:[a-z]+\s+)?(?P<what>[a-z]{{3,}}s)\b",
    re.IGNORECASE,
)
_ANY_NUMBER = re.compile(rf"(?<![\w.$-])(?P<number>{_NUMBER})(?![\w%])", re.IGNORECASE)
_SENTENCES = re.compile(r"[.!?;:\n]")
_ASKS = re.compile(
    r"\b(?:answer|choose|collect|create|find|generate|give|list|name|pick|produce|propose|provide|return|suggest"
    r"|think of|write)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:as|from|given|has|have|if|of the|once|out of|per|than|unless|until|when|where|with)\b",
    re.IGNORECASE,
)
#: What says that not all of them are for the answer.
_CHOOSES = re.compile(r"\b(?:best|drop|keep|merge|rank|select|shortlist|top)\b", re.IGNORECASE)


class OddAmount(Struct, frozen=True):
    """Where a text asks for a number of items that a list of the answer cannot have; `takes` is what it can."""

    text: Written
    found: re.Match[str]
    field: str
    takes: str


def odd_amounts(
    texts: Sequence[Written], fields: Mapping[str, Schema], root: Schema
) -> Iterator[OddAmount]:
    """Each number of items that the list with their name has no room for, or of which it wants more."""
    asked = [
        (text, found, _number(found), stem(found["what"]))
        for text in texts
        for found in _asked_for(text.text)
    ]
    if not asked:
        return
    numbers = {_number(found) for text in texts for found in _ANY_NUMBER.finditer(text.text)}
    for name, schema in fields.items():
        size = size_of(Contract(schema, root)) if types_of(schema, root) == {"array"} else None
        if size is None or any(size.low <= number <= size.high for number in numbers):
            continue
        named = stems(name)
        for text, found, number, what in asked:
            too_many = number > size.high and not found["most"]
            too_few = number < size.low and not found["least"]
            if what in named and (too_many or too_few):
                takes = f"at most {size.high:g}" if too_many else f"at least {size.low:g}"
                yield OddAmount(text, found, name, takes)


def _asked_for(text: str) -> Iterator[re.Match[str]]:
    """The amounts that the model is to give, and not those of a condition, or of what its input has.

    The text is gone through once, however many amounts it has.
    """
    amounts = list(_AMOUNT.finditer(text))
    if not amounts:
        return
    ends, asks, tells, chooses = (
        [found.start() for found in pattern.finditer(text)]
        for pattern in (_SENTENCES, _ASKS, _TELLS, _CHOOSES)
    )
    for found in amounts:
        here = found.start()
        begin = _last(ends, here)
        told, asked = _last(tells, here) > begin, _last(asks, here) > begin
        if asked and not told and _last(chooses, len(text)) < found.end():
            yield found


def _last(places: Sequence[int], before: int) -> int:
    """The last of these places, in order, before another; -1 if none is."""
    at = bisect_left(places, before)
    return places[at - 1] if at else -1


def _number(found: re.Match[str]) -> float:
    written = found["number"].casefold()
    return _NUMBERS[written] if written in _NUMBERS else float(written)
