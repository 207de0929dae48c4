"""The stems of English words, by which forms of one word are recognized: book, booked, bookings.

A stem is for comparing only. It is found by removing endings, as Porter's stemmer does, but fewer
of them: names of steps and texts about them are short, and a stem that is too short makes different
words equal.
"""

import re

#: The shortest stem.
_LEAST = 3
_ENDING = re.compile(
    r"(?:ications?|ators?|at(?:ed|es|e|ing|ions?)|ions?|ments?|als?|ings?|i?e[drs]|ers|ors?|ied|ies|y|e|s)$"
)
_WORD = re.compile(r"[A-Za-z]{3,}")
#: Irregular forms.
_IRREGULAR = {
    "email": "mail",
    "emailed": "mail",
    "made": "make",
    "paid": "pay",
    "registration": "register",
    "sent": "send",
    "set": "setup",
    "told": "tell",
    "withdrawn": "withdraw",
    "written": "write",
    "wrote": "write",
}


def stem(word: str) -> str:
    """A word without its endings."""
    found = word.casefold()
    found = _once(_IRREGULAR.get(found, found))
    while (ending := _ENDING.search(found)) is not None and ending.start() >= _LEAST:
        found = _once(found[: ending.start()])
    return found


def stems(text: str) -> frozenset[str]:
    """The stems of the words of a text."""
    return frozenset(stem(word) for word in _WORD.findall(text.replace("_", " ")))


def _once(word: str) -> str:
    """A word without the doubled letter that precedes many endings: cancelled, shipped."""
    return word[:-1] if len(word) > _LEAST and word[-1] == word[-2] else word
