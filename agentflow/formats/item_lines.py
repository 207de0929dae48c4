"""What is printed to a pipe about the items of a `for_each`, so that many of them stay a few lines.

If there are few items, the end of each is printed; if there are many, how far they are at each
tenth of them. What finally goes wrong with an item is always printed; of the attempts that fail on
the way, only the first.
"""

from collections.abc import Iterator

from agentflow.formats.items import tally
from agentflow.plan import address
from agentflow.trace import Span

#: So many items are told one by one.
FEW = 20
#: So many failed attempts of the items of one `for_each` are told.
MOST = 100
_PARTS = 10


def is_told(item: str, outer: Span | None) -> bool:
    """Is it told how this item ended, if it ended well? `outer` is its `for_each`."""
    return outer is not None and outer.items is not None and outer.items <= FEW and _is_top(item)


def progress(item: Span, outer: Span | None) -> Iterator[str]:
    """How far the items are, if this one has ended one more tenth of them."""
    if outer is None or outer.items is None or outer.items <= FEW or item.place is None:
        return
    part = item.place * _PARTS // outer.items
    is_next = part > (item.place - 1) * _PARTS // outer.items
    is_last = part == outer.through * _PARTS // outer.items
    if is_next and is_last and part < _PARTS and _is_top(item.address):
        items = tally(outer)
        words = items.words("succeeded", "skipped", "failed", "unknown", "cancelled")
        yield f"{items.ended:,} of {items.total:,} items: {words}"


def _is_top(item: str) -> bool:
    """Is it an item of a list that is not itself in an item of another one?"""
    outer = address.parent(item)
    return outer is not None and not address.in_item(outer)
