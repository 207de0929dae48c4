"""Time for the engines: the only place where a run learns what time it is."""

import time


class WallClock:
    """UTC that never runs backwards: set once, then carried on by the monotonic clock.

    A clock that is put back in the middle of a run would otherwise make its log lie about order
    and its timers wait for hours.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return round(time.monotonic() + self._offset, 6)
