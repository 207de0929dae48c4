"""The words by which people and checks say yes and no: as answers, and as names of fields."""

import re
from collections.abc import Iterable

from agentflow.lint.stems import stem, stems

_YES = re.compile(
    r"(?:^|_)(?:accept|agree|allow|approv|authori[sz]|clean$|clear$|confirm|consent|eligible$|go$|go_ahead|grant"
    r"|ok$|okay|pass$|passed$|permit|proceed|release|safe$|sign$|valid$|verified$|yes)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:abort|cancel|declin|den(?:y|ied)|hold|no(?:$|_)|not|never|refus|reject|stop|wait)",
    re.IGNORECASE,
)
#: Fields that say whether something may happen, as `is_valid` and `safe_to_send`, and not who said so or when.
_FOR = re.compile(
    r"(?:^|_)(?:accept|allow|approv|authori[sz]|clean|clear|confirm|eligib|grant|ok$|okay|pass$|passe[ds]$|permit|safe"
    r"|valid|verif)[a-z]*(?:_to_[a-z_]+)?$"
)
_AGAINST = re.compile(
    r"(?:^|_)(?:block|den(?:y|ied)|flag|forbid|fraud|invalid|refus|reject|unsafe)[a-z]*(?:_to_[a-z_]+)?$"
)
#: Fields that say that something is as it has to be.
_SUCCESS = re.compile(
    r"(?:^|_)(?:accepted|agreed|approved|balanced|checked|complete|confirmed|converged|correct|fair|good|passed"
    r"|passes|proven|settled|solved|sound|success|successful|succeeded|valid|validated|verified)$"
)
#: How a question begins that asks whether to do something, and words by which it may ask for the contrary.
_WHETHER_TO = re.compile(r"\s*(?:(?:may|shall|should) (?:i|we) )?([a-z]{3,})\b", re.IGNORECASE)
_CONTRARY = re.compile(
    r"\b(?:already|by hand|instead|later|manually|myself|not|ourselves|yourself|without)\b",
    re.IGNORECASE,
)
#: Choices that stand for a yes to just what is shown.
PLAIN_YES = frozenset(
    {"accept", "approve", "approved", "confirm", "go", "ok", "proceed", "send", "yes"}
)


def says_yes(answer: str) -> bool:
    """Does an answer agree, or is a field one that is true for a yes?"""
    return _YES.search(answer) is not None and not says_no(answer)


def says_no(answer: str) -> bool:
    """Does an answer turn something down, or put it off?"""
    return _NO.match(answer) is not None


def yes_of(field: str) -> bool | None:
    """What a field is for a yes that says whether something may happen; None if it is no such field."""
    if _AGAINST.search(field) is not None:
        return False
    return True if _FOR.search(field) is not None else None


def asks_to(question: str, names: Iterable[str]) -> bool:
    """Does a question ask whether to do what has one of these names, as 'Pay 5 euros?' of a `payer`?"""
    found = _WHETHER_TO.match(question)
    if found is None or _CONTRARY.search(question):
        return False
    return any(stem(found[1]) in stems(name) for name in names)


def says_success(field: str) -> bool:
    """Is a field true where something has been found as it has to be?"""
    return _SUCCESS.search(field) is not None
