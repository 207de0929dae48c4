"""Alarms of an event loop that do not go off while the loop is behind with its work."""

import asyncio
from collections.abc import Callable

#: Seconds by which an alarm may be late. Beyond that the loop stood still, and is given `CATCH_UP`
#: seconds to take what has come in, `AT_MOST` times.
LATE, CATCH_UP, AT_MOST = 0.1, 0.2, 3


class Alarm:
    """Calls `act` at a time of the loop's clock, or once the loop has caught up after that."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, when: float, act: Callable[[], object]
    ) -> None:
        self._loop = loop
        self._act = act
        self._set(when, AT_MOST)

    def cancel(self) -> None:
        self._handle.cancel()

    def _set(self, when: float, left: int) -> None:
        self._handle = self._loop.call_at(when, self._ring, when, left)

    def _ring(self, when: float, left: int) -> None:
        now = self._loop.time()
        if left and now - when > LATE:
            self._set(now + CATCH_UP, left - 1)
        else:
            self._act()
