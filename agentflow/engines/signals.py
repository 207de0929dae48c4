"""The signals that end a run in order: the first does, the next ends the process at once.

The event loop has handlers of its own, but it does not come round to them while a function of the
author's blocks it.
"""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Tells of the first signal that comes, from within its handler, until it is closed."""

    def __init__(self, told: Callable[[signal.Signals], None]) -> None:
        self._told = told
        self._before: dict[signal.Signals, Any] = {}
        self._came = False
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # One that is ignored stays so: that is what `nohup` is for.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._on_signal)

    def close(self) -> None:
        """Give every signal back to whoever handled it before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._came:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._came = True
        self._told(signal.Signals(number))
