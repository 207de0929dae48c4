"""Ending a run for good on request.

The whole run closes, as it does when a step at its top level fails, and what is in flight is
stopped. So everything that is active ends by a decision of its own, no question stays open, and
what may have had its effect is `unknown`.
"""

from agentflow.core import events
from agentflow.core.events import Failure
from agentflow.core.scopes import close, stop_in_flight
from agentflow.core.state import State
from agentflow.core.table import expect_run
from agentflow.spec.model import FailureClass


def cancel_requested(state: State, event: events.CancelRequested) -> None:
    """A run that waits, was interrupted or has crashed is ended as well as one that is going on."""
    expect_run(state, event, "running", "waiting", "interrupted", "crashed")
    assert state.root is not None
    state.now = max(state.now, event.at)
    state.status = "running"
    state.cancelled = in_words(event)
    failure = Failure(FailureClass.CANCELLED, state.cancelled)
    close(state, state.root, failure)
    state.root.failure = failure  # of a run that was failing, too: this is what ends it
    stop_in_flight(state, state.root)


def in_words(event: events.CancelRequested) -> str:
    """`cancelled by kim: the order was withdrawn`."""
    by = f" by {event.by}" if event.by else ""
    why = f": {event.why}" if event.why else ""
    return f"cancelled{by}{why}"
