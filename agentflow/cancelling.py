"""Ending a run for good from outside, whether a process works on it or not.

The request is put into the run's mailbox first. Then whoever holds the run's lock takes it in: the
process that works on the run, which stops what it has in flight, or, if there is none, the one that
asks. So it is never forgotten, and taken in once.
"""

import time

from msgspec import Struct

from agentflow.core.state import ENDED_RUN
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver
from agentflow.engines.requests import read_request, write_request
from agentflow.errors import RunLocked, UsageError
from agentflow.eventlog import Store
from agentflow.eventlog.faults import lying_there, nothing_done_yet
from agentflow.history import Recorded, read_run, summary_of
from agentflow.replay import fold
from agentflow.trace import Trace, trace_of

#: Seconds that the process at work on a run has to stop what is in flight and end.
PATIENCE = 20.0
_PAUSE = 0.1


class Outcome(Struct, frozen=True):
    """What became of a request: the trace of the run as far as it got, or None if it had not begun.

    `busy` says which process still works on the run; None if there is none.
    """

    trace: Trace | None
    busy: str | None


def cancel(
    store: Store,
    run_id: str,
    *,
    by: str | None = None,
    why: str | None = None,
    patience: float = PATIENCE,
) -> Outcome:
    """End a run for good and wait until nobody works on it any more, at most `patience` seconds.

    Raises:
        UnknownRun: there is no such run.
        UsageError: it has ended.
        RunLocked: it has not begun, and a process works on it.
        StoreError: the request cannot be stored, or the log not be read or written.
    """
    run_id = store.find(run_id)
    if not summary_of(store, run_id).entries:
        _remove(store, run_id)
        return Outcome(None, None)
    status = _trace(store, run_id).status
    if status in ENDED_RUN:
        raise UsageError(f"run '{run_id}' has ended: {status}")
    with nothing_done_yet():
        store.mailbox(run_id).ask_to_cancel(write_request(by, why))
    limit = time.monotonic() + patience
    while True:
        # The store says within a second whether somebody else works on the run.
        with lying_there("the request to cancel"):
            busy = _take_in(store, run_id)
        if busy is None or time.monotonic() > limit:
            return Outcome(_trace(store, run_id), busy)
        time.sleep(_PAUSE)


def _remove(store: Store, run_id: str) -> None:
    """Remove a run whose process was killed before the first entry; it has done nothing."""
    with store.resume(run_id) as log:
        log.discard()


def _take_in(store: Store, run_id: str) -> str | None:
    """Take the request in, unless another process works on the run: then says which."""
    try:
        with store.resume(run_id) as log:
            recorded = read_run(store, run_id)
            state = fold(recorded.plan, recorded.entries)
            request = read_request(log.mailbox, WallClock().now())
            if request is not None:
                Driver(recorded.plan, state, log, lambda _entry: None).take([request])
                log.mailbox.forget_cancellation()
                log.mailbox.tidy(state.people.closed)
    except RunLocked as locked:
        return locked.message
    return None


def _trace(store: Store, run_id: str) -> Trace:
    recorded: Recorded = read_run(store, run_id)
    return trace_of(recorded.plan, recorded.entries)
