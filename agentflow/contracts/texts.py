"""What is known of all texts that fit a regular expression: how long they are, what is in them."""

import re
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_LONGEST_PATTERN = 5_000
_ENDS = [(op.AT, op.AT_BEGINNING), (op.AT, op.AT_END)]
#: Characters that every text of a format has.
_NEEDED: Mapping[str, str] = {
    "date": "-",
    "date-time": "-",
    "email": "@",
    "ipv4": ".",
    "time": ":",
    "uri": ":",
    "uuid": "-",
}


def lengths(pattern: str) -> tuple[int, int | None]:
    """The fewest and the most characters; 0 or None where that is not known.

    There is a most only if the pattern is held to both ends of the text.
    """
    parsed = _parsed(pattern)
    if parsed is None:
        return 0, None
    least, most = parsed.getwidth()
    return least, most if _is_whole(parsed) and most < op.MAXREPEAT else None


def can_have_format(pattern: str, name: str) -> bool:
    """May a text that fits the pattern be of a format? No only if a character of it cannot be."""
    parsed = _parsed(pattern)
    if parsed is None or name not in _NEEDED or not _is_whole(parsed):
        return True
    return _may_hold(parsed, _NEEDED[name])


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> Any:
    """The pattern as Python reads it; None if it does not."""
    if len(pattern) > _LONGEST_PATTERN:
        return None
    try:
        return parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def _is_whole(parsed: Any) -> bool:
    return len(parsed) > 1 and [parsed[0], parsed[-1]] == _ENDS


def _may_hold(items: Any, character: str) -> bool:
    """May this character be matched anywhere? What is not known may match all."""
    return any(_matches(kind, argument, character) for kind, argument in items)


def _matches(kind: Any, argument: Any, character: str) -> bool:
    code = ord(character)
    match kind:
        case op.AT:
            return False
        case op.CATEGORY:
            # The characters that are asked for are in no class but the negated ones.
            return "NOT" in str(argument)
        case op.LITERAL | op.NOT_LITERAL:
            return (argument == code) is (kind is op.LITERAL)
        case op.RANGE:
            return bool(argument[0] <= code <= argument[1])
        case op.IN if argument[0][0] is op.NEGATE:
            return not _may_hold(argument[1:], character)
        case op.IN:
            return _may_hold(argument, character)
        case op.SUBPATTERN:
            return _may_hold(argument[-1], character)
        case op.MAX_REPEAT | op.MIN_REPEAT:
            return _may_hold(argument[2], character)
        case op.BRANCH:
            return any(_may_hold(part, character) for part in argument[1])
    return True
