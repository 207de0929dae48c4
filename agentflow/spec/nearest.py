"""The nearest known name to one that is not known: what "did you mean" asks.

Own, since `difflib` takes 8 ms to import, gives a reversed pair of letters no credit, and grows
with the square of what it is given.
"""

from collections.abc import Iterable

#: Names are cut here; nothing longer can be a name.
_LONGEST = 64


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that takes the fewest slips of the finger to come from `name`.

    A slip is a letter too many, too few, wrong, or in its neighbour's place; case is none. One
    slip is allowed for every three letters of the longer name, and none if one of the two is a
    single letter. Of equally near names the first counts. None if none is near.
    """
    best: str | None = None
    allowed = _LONGEST
    typed = name[:_LONGEST].casefold()
    for candidate in known:
        meant = candidate[:_LONGEST].casefold()
        lengths = sorted((len(typed), len(meant)))
        limit = min(allowed, lengths[1] // 3 if lengths[0] > 1 else 0)
        distance = _slips(typed, meant, limit)
        if distance <= limit:
            best, allowed = candidate, distance - 1
    return best


def _slips(one: str, other: str, limit: int) -> int:
    """The distance of two words by optimal string alignment; anything above `limit` if more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
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
