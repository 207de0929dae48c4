"""Records of older formats, brought up to the present one step at a time.

To change the format of a record, append one function to `UPCASTERS`; the present format is counted
from their number, and old logs keep opening. No entry of the table is ever edited or removed.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

#: `UPCASTERS[i]` turns a record of format i + 1 into one of format i + 2.
UPCASTERS: tuple[Upcaster, ...] = ()

#: The format that this version writes. The first one is 1.
FORMAT = len(UPCASTERS) + 1


def upcast(
    record: dict[str, Any], written_as: int, upcasters: Sequence[Upcaster] = UPCASTERS
) -> dict[str, Any]:
    """A record of the format `written_as` (1 up to the present one) in the present format."""
    for step in upcasters[written_as - 1 :]:
        record = step(record)
    return record
