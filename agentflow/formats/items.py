"""The items of a `for_each`: how to sum them up in a few words, and which of them are worth a line.

The same goes for the iterations of a loop, which stay in their order.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from agentflow.core.state import ENDED, StepStatus
from agentflow.formats.words import count
from agentflow.trace import Span

#: In the order in which a tally names them.
_WORDS: Mapping[StepStatus, str] = {
    "succeeded": "ok",
    "skipped": "skipped",
    "failed": "failed",
    "unknown": "unknown",
    "cancelled": "cancelled",
    "running": "running",
    "waiting": "waiting",
    "pending": "not started",
}
#: What a reader wants to see first. Next is a success that took a second attempt or the value of
#: a `catch`, and last one that is just that.
_RANK: Mapping[StepStatus, int] = {
    "failed": 0,
    "unknown": 0,
    "running": 1,
    "waiting": 1,
    "pending": 1,
    "cancelled": 2,
    "skipped": 3,
}
_NOT_BY_ITSELF = 4
#: So many times `fold` items are shown at most, however many of them failed.
_MOST = 3


class Tally(Struct, frozen=True):
    """How many items there are, how many have ended, and how many have which status."""

    total: int
    ended: int
    by_status: Mapping[StepStatus, int]

    def words(self, *statuses: StepStatus) -> str:
        """`28 ok, 1 failed`: those of the named statuses that occur, or of all."""
        return _in_words(self.by_status, statuses or tuple(_WORDS))

    def sentence(self) -> str:
        """`30 items: 28 ok, 1 failed`."""
        head = count(self.total, "item")
        return f"{head}: {self.words()}" if self.total else head


def tally(span: Span) -> Tally:
    """How the items of a `for_each` stand; those that have not been heard of are pending."""
    by_status = Counter(item.status for item in tuple(span.children.values()))
    total = max(span.items or 0, by_status.total())
    ended = sum(number for status, number in by_status.items() if status in ENDED)
    by_status["pending"] += total - by_status.total()
    return Tally(total, ended, by_status)


class Folded(Struct, frozen=True):
    """The items that are shown, and how many of which status are not."""

    shown: Sequence[Span]
    hidden: Mapping[StepStatus, int]

    def rest(self) -> str:
        """`22 more succeeded`, `40 more: 10 ok, 30 failed`."""
        number = sum(self.hidden.values())
        if len(self.hidden) == 1:
            return f"{number:,} more {next(iter(self.hidden))}"
        return f"{number:,} more: {_in_words(self.hidden, tuple(_WORDS))}"


def fold_items(span: Span, fold: int) -> Folded:
    """Choose the items to show: all if they are no more than `fold`, otherwise the telling ones.

    What did not simply succeed comes first and may go beyond `fold`, up to three times of it.
    """
    items = tuple(span.children.values())
    if len(items) <= fold:
        return Folded(items, {})
    telling = sorted((_rank(item), at) for at, item in enumerate(items) if not _is_plain(item))
    unsuccessful = sum(rank < _NOT_BY_ITSELF for rank, _ in telling)
    room = max(fold, min(unsuccessful, _MOST * fold))
    chosen = [at for _, at in telling[:room]]
    plain = (at for at, item in enumerate(items) if _is_plain(item))
    chosen += islice(plain, room - len(chosen))
    in_order = span.iterations is not None
    chosen.sort(key=lambda at: (not in_order and items[at].status == "succeeded", at))
    shown = [items[at] for at in chosen]
    hidden = Counter(item.status for item in items) - Counter(item.status for item in shown)
    return Folded(shown, hidden)


def _is_plain(item: Span) -> bool:
    """Is there nothing to say but that it succeeded?"""
    return item.status == "succeeded" and item.reason is None and item.attempts <= 1


def _in_words(by_status: Mapping[StepStatus, int], statuses: Collection[StepStatus]) -> str:
    return ", ".join(
        f"{by_status[status]:,} {word}"
        for status, word in _WORDS.items()
        if status in statuses and by_status.get(status)
    )


def _rank(item: Span) -> int:
    return _RANK.get(item.status, _NOT_BY_ITSELF)
