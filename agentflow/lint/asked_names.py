"""The names that a text for a model gives to parts of its answer, in the forms people write them.

A *list* of names is several of them side by side in one form: lines with a bullet or a number, rows
of a table, `fields: pass (bool), advice (text)`, `{pass: bool, advice: text}`, or quoted names that
are explained one after the other. A single name may mean anything; but if several are meant for
fields, one that no field has is a slip.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

#: Matches with a group `name`, in the order of the text.
Names: TypeAlias = Sequence[re.Match[str]]

_MARK = r"(?:\*\*|__|[`'\"])?"
_LINE = re.compile(
    rf"^[ \t]*(?:[-*\u2022|]|\d+[.)])?[ \t]*{_MARK}(?P<name>[A-Za-z_]\w{{1,40}}){_MARK}[ \t]*"
    rf"(?:{_MARK}[:|(\u2013\u2014]|[ ]-[ ]|$)",
    re.MULTILINE,
)
_BLANK = re.compile(r"\s*")
_NAME = r"[A-Za-z_]\w{1,40}"
_ITEM = re.compile(rf"{_MARK}(?P<name>{_NAME}){_MARK}(?:\s*\([^)\n]*\))?")
_ENUMERATED = re.compile(
    r"\b(?:fields|keys|properties|attributes):?\s+"
    rf"(?P<items>{_MARK}{_NAME}{_MARK}(?:\s*\([^)\n]*\))?"
    rf"(?:(?:,\s*(?:and\s+)?|\s+and\s+){_MARK}{_NAME}{_MARK}(?:\s*\([^)\n]*\))?)+)",
    re.IGNORECASE,
)
_BRACES = re.compile(
    rf"\{{\s*(?P<items>{_NAME}\s*:\s*[\w|<> ]+(?:,\s*{_NAME}\s*:\s*[\w|<> ]+)+)\s*\}}"
)
_PAIR = re.compile(rf"(?P<name>{_NAME})\s*:")
_VALUE = r"[A-Za-z][\w-]*"
_BETWEEN = r"\s*(?:,\s*(?:or\s+|and\s+)?|[/|]|\bor\b|\band\b)\s*"
_VALUES = re.compile(
    rf"(?<![\w-])[`'\"]?{_VALUE}[`'\"]?(?:{_BETWEEN}[`'\"]?{_VALUE}[`'\"]?){{2,}}(?=\s*(?:[.,;:!?)\n}}\"']|$))"
)
_EACH = re.compile(rf"(?P<name>{_VALUE})")
#: Words that name nothing in particular.
_REST = frozenset(
    [
        "a",
        "all",
        "an",
        "and",
        "any",
        "anything",
        "both",
        "else",
        "etc",
        "more",
        "neither",
        "none",
        "or",
        "other",
        "others",
        "similar",
        "so",
        "something",
        "the",
    ]
)
_QUOTED = re.compile(
    r"(?P<mark>['`\"])(?P<name>[A-Za-z_]\w{1,40})(?P=mark)\s+"
    r"(?:is|are|says|holds|means|tells|has\s+to\s+be|must\s+be|should\s+be|whether|what|how|which|why|who|where|when|to\b)"
)


def lists_of_names(text: str) -> Iterator[Names]:
    """The lists of at least two names in a text."""
    run: list[re.Match[str]] = []
    for found in _LINE.finditer(text):
        if run and not _follows(text, run[-1], found):
            yield from [run] if len(run) > 1 else []
            run = []
        run.append(found)
    yield from [run] if len(run) > 1 else []
    for pattern, inner in ((_ENUMERATED, _ITEM), (_BRACES, _PAIR)):
        for found in pattern.finditer(text):
            yield list(inner.finditer(text, found.start("items"), found.end("items")))
    quoted = list(_QUOTED.finditer(text))
    yield from [quoted] if len(quoted) > 1 else []


def lists_of_values(text: str) -> Iterator[Names]:
    """The lists of three or more words to choose from: `refund, question or abuse`."""
    for found in _VALUES.finditer(text):
        yield [
            one for one in _EACH.finditer(text, *found.span()) if one["name"].lower() not in _REST
        ]


def _follows(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    """Does one line of a list directly follow another, apart from blank lines?"""
    end = text.find("\n", one.start("name"))
    return end >= 0 and _BLANK.fullmatch(text, end, other.start()) is not None
