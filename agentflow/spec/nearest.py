"""The nearest known name to one that is not known: what "did you mean" asks.

Own, since `difflib` takes 8 ms to import, gives a reversed pair of letters no credit, and grows
with the square of what it is given.
"""

from collections.abc import Iterable

#: Names are cut here; nothing longer can be a name.
_LONGEST = 64
#: How many slips more the next name has to take, for there to be no doubt which one is meant.
_MARGIN = 2


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that takes the fewest slips of the finger to come from `name`.

    A slip is a letter too many, too few, wrong, or in its neighbour's place; case is none. One
    slip is allowed for every three letters of the longer name, and if one of the two is a single
    letter, only that it is doubled. Of equally near names the first counts. None if none is near.
    """
    best: str | None = None
    allowed = _LONGEST
    for candidate in known:
        distance = _distance(name, candidate, allowed)
        if distance is not None:
            best, allowed = candidate, distance - 1
    return best


def nearest_choice(name: str, choices: Iterable[str]) -> str | None:
    """The choice that is near, or the only one that begins like this, as `warn` does for `warning`."""
    known = list(choices)
    begun = [each for each in known if len(name) > 1 and each.startswith(name.casefold())]
    return nearest(name, known) or (begun[0] if len(begun) == 1 else None)


def only_near(name: str, known: Iterable[str]) -> str | None:
    """The known name that is near in the sense of `nearest`, by two slips nearer than any other.

    None if there is no such name. `draft_1` and `draft_2` are no slips of each other: who numbers
    things means the number.
    """
    near: str | None = None
    slips, others = _LONGEST, 2 * _LONGEST
    for candidate in known:
        distance = _distance(name, candidate, min(slips + _MARGIN - 1, _LONGEST))
        if distance is None:
            continue
        if distance < slips:
            near, slips, others = candidate, distance, slips
        else:
            others = min(others, distance)
        if slips < _MARGIN and others - slips < _MARGIN:
            return None
    if near is None or others - slips < _MARGIN or _without_digits(name) == _without_digits(near):
        return None
    return near


def equally_near(name: str, one: str, other: str) -> bool:
    """Are two names that only their number tells apart as near to `name`, which has none?"""
    base = _without_digits(one)
    return (
        base == _without_digits(other)
        and name == _without_digits(name)
        and _distance(name, one, _LONGEST) == _distance(name, other, _LONGEST)
    )


def _without_digits(name: str) -> str:
    return "".join(letter for letter in name if not letter.isdigit())


def _distance(name: str, candidate: str, allowed: int) -> int | None:
    """The slips between two names; None if there are more than are allowed."""
    typed, meant = name[:_LONGEST].casefold(), candidate[:_LONGEST].casefold()
    lengths = sorted((len(typed), len(meant)))
    doubled = lengths[0] == 1 and set(typed) == set(meant)
    limit = min(allowed, lengths[1] // 3 if lengths[0] > 1 else int(doubled))
    distance = _slips(typed, meant, limit)
    return distance if distance <= limit else None


def _without_common(one: str, other: str) -> tuple[str, str]:
    """Two words without the letters that they begin and end with alike; no slip is among these."""
    start = _alike(one, other)
    one, other = one[start:], other[start:]
    end = _alike(one[::-1], other[::-1])
    return one[: len(one) - end], other[: len(other) - end]


def _alike(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((count for count, (a, b) in pairs if a != b), min(len(one), len(other)))


def _slips(one: str, other: str, limit: int) -> int:
    """The distance of two words by optimal string alignment; anything above `limit` if more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    one, other = _without_common(one, other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        last, before = before, row
        row = [i + 1]
        for j, target in enumerate(other):
            cost = min(row[j] + 1, before[j + 1] + 1, before[j] + (letter != target))
            if i and j and letter == other[j - 1] and one[i - 1] == target:
                cost = min(cost, last[j - 1] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
