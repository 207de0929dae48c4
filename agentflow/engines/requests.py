"""The request to end a run for good: a file in its mailbox, and the fact that it becomes.

    {"format": 1, "by": …, "reason": …}

That the file is there is the request; what it says are remarks. So one that cannot be read ends the
run as well, and nobody knows who asked.
"""

import json

from agentflow.contracts.strict import NotJson, loads
from agentflow.core.events import CancelRequested
from agentflow.eventlog.mailbox import Letter, Mailbox

FORMAT = 1


def write_request(by: str | None, why: str | None) -> bytes:
    """The request as the bytes of a file."""
    remarks = {key: text for key, text in (("by", by), ("reason", why)) if text}
    return json.dumps({"format": FORMAT, **remarks}).encode()


def read_request(mailbox: Mailbox, now: float) -> CancelRequested | None:
    """The fact that somebody ends the run; None as long as nobody does. Raises `StoreError`."""
    letter = mailbox.cancellation()
    return None if letter is None else _request(letter, now)


def pending_request(mailbox: Mailbox) -> CancelRequested | None:
    """The same for those who look on: when it was asked is the time of the file."""
    letter = mailbox.cancellation()
    return None if letter is None else _request(letter, letter.given)


def _request(letter: Letter, at: float) -> CancelRequested:
    try:
        found = loads(letter.data.decode())
    except (UnicodeDecodeError, NotJson):
        found = None
    by, why = (_text(found, key) for key in ("by", "reason"))
    return CancelRequested(at, by, why)


def _text(found: object, key: str) -> str | None:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value else None
