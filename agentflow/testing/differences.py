"""Where two values differ, place by place, in words."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.contracts.describe import excerpt, path_text
from agentflow.spec.model import Json

#: A longer text is shown from a little before the first character that differs.
_LONG = 60
_BEFORE = 12

Place = tuple[str | int, ...]


class Difference(Struct, frozen=True):
    """One thing that is not as expected. `where` is a path or a name, the rest is for people."""

    where: str
    expected: str
    found: str


def differences(
    expected: Json, found: Json, at: Place, *, at_least: bool = False
) -> Iterator[Difference]:
    """Each place where a value is not the expected one.

    With `at_least`, objects may have fields that are not expected; lists are as long as expected
    either way. Numbers are equal by value, so 1 is 1.0, and true is no number.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key in found:
                yield from differences(value, found[key], (*at, key), at_least=at_least)
            else:
                yield Difference(path_text((*at, key)), excerpt(value), "nothing")
        extra = [] if at_least else [key for key in found if key not in expected]
        for key in extra:
            yield Difference(path_text((*at, key)), "nothing", excerpt(found[key]))
    elif isinstance(expected, list) and isinstance(found, list):
        yield from _of_lists(expected, found, at, at_least=at_least)
    elif not _equal(expected, found):
        yield Difference(path_text(at), *_told(expected, found))


def _of_lists(
    expected: list[Json], found: list[Json], at: Place, *, at_least: bool
) -> Iterator[Difference]:
    for index, (one, other) in enumerate(zip(expected, found, strict=False)):
        yield from differences(one, other, (*at, index), at_least=at_least)
    for index in range(len(found), len(expected)):
        yield Difference(path_text((*at, index)), excerpt(expected[index]), "nothing")
    for index in range(len(expected), len(found)):
        yield Difference(path_text((*at, index)), "nothing", excerpt(found[index]))


def _equal(expected: Json, found: Json) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    return bool(expected == found)


def _told(expected: Json, found: Json) -> tuple[str, str]:
    """Both values, or of long texts the part where they begin to differ."""
    if not (isinstance(expected, str) and isinstance(found, str)):
        return excerpt(expected), excerpt(found)
    same = next(
        (n for n, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b),
        min(len(expected), len(found)),
    )
    if same <= _LONG:
        return excerpt(expected), excerpt(found)
    start = same - _BEFORE
    note = f"from character {start + 1}: "
    return note + excerpt(expected[start:]), note + excerpt(found[start:])
