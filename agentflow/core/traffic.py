"""The calls of a chat model that has limits: those in flight, and those of the last minute."""

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from agentflow.core.state import Instance

#: Seconds.
MINUTE = 60.0


class Begun(Struct, eq=False):
    """A call: when it started, and the tokens that it counts for."""

    at: float
    tokens: int


class Traffic(Struct, eq=False):
    """The calls to one model. `minute` has those of the last minute at least, in order."""

    running: int = 0
    minute: deque[Begun] = field(default_factory=deque)
    queue: "deque[Instance]" = field(default_factory=deque)

    def forget(self, now: float) -> None:
        """Drop what lies more than a minute back."""
        while self.minute and self.minute[0].at + MINUTE <= now:
            self.minute.popleft()

    def put_off(self, begun: Begun, now: float) -> None:
        """A call of the last minute starts only now."""
        if begun.at < now and begun in self.minute:
            self.minute.remove(begun)
            begun.at = now
            self.minute.append(begun)

    def used(self, now: float, what: str) -> int:
        """The requests, or tokens, of the last minute."""
        return sum(_count(begun, what) for begun in self.minute if begun.at + MINUTE > now)

    def room_at(self, now: float, what: str, most: int, wanted: int) -> float:
        """When so many more fit into a minute: `now`, or as soon as enough is a minute ago."""
        used, due = self.used(now, what), now
        for begun in islice(self.minute, len(self.minute)):
            if used + wanted <= most or used == 0:
                break
            if begun.at + MINUTE > now:
                used -= _count(begun, what)
                due = begun.at + MINUTE
        return due


def _count(begun: Begun, what: str) -> int:
    return 1 if what == "requests" else begun.tokens
