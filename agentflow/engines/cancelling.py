"""The request to end a run for good: a file in its mailbox, and the fact that it becomes.

    {"format": 1, "by": …, "reason": …}

That the file is there is the request; what it says are remarks. So one that cannot be read ends the
run as well, and nobody knows who asked.
"""

import asyncio
import json
from collections.abc import Callable

from agentflow.contracts.strict import NotJson, loads
from agentflow.core.events import CancelRequested, Fact
from agentflow.engines.clock import WallClock
from agentflow.errors import StoreError
from agentflow.eventlog.mailbox import Mailbox

FORMAT = 1
#: Seconds between two looks for the file.
_BEAT = 0.25


def write_request(by: str | None, why: str | None) -> bytes:
    """The request as the bytes of a file."""
    remarks = {key: text for key, text in (("by", by), ("reason", why)) if text}
    return json.dumps({"format": FORMAT, **remarks}).encode()


def read_request(mailbox: Mailbox, now: float) -> CancelRequested | None:
    """The fact that somebody ends the run; None as long as nobody does. Raises `StoreError`."""
    data = mailbox.cancellation()
    if data is None:
        return None
    try:
        found = loads(data.decode())
    except (UnicodeDecodeError, NotJson):
        found = None
    by, why = (_text(found, key) for key in ("by", "reason"))
    return CancelRequested(now, by, why)


def _text(found: object, key: str) -> str | None:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value else None


class Cancellation:
    """Looks for the request while a process works on a run.

    `report` takes the fact, `fail` what went wrong in a timer.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        clock: WallClock,
        report: Callable[[Fact], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._report = report
        self._fail = fail
        self._beat: asyncio.TimerHandle | None = None

    def requested(self) -> CancelRequested | None:
        """The request, if it is there. Raises `StoreError`."""
        return read_request(self._mailbox, self._clock.now())

    def watch(self) -> None:
        """Look for it from now on."""
        self._beat = asyncio.get_running_loop().call_later(_BEAT, self._look)

    def done(self) -> None:
        """The request is in the log. Raises `StoreError`."""
        self._mailbox.forget_cancellation()

    def close(self) -> None:
        """Look no longer."""
        if self._beat is not None:
            self._beat.cancel()

    def _look(self) -> None:
        try:
            request = self.requested()
        except StoreError as error:
            self._fail(error)
            return
        if request is None:
            self.watch()
        else:
            self._report(request)
