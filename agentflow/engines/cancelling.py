"""Looking for the request to end a run for good, while a process works on it."""

import asyncio
from collections.abc import Callable

from agentflow.core.events import CancelRequested, Fact
from agentflow.engines.clock import WallClock
from agentflow.engines.requests import read_request
from agentflow.errors import StoreError
from agentflow.eventlog.mailbox import Mailbox

#: Seconds between two looks for the file.
_BEAT = 0.25


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
