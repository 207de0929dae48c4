"""What went wrong in an exchange over HTTP, as a failure class of the language."""

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from agentflow.agents.excerpts import detail, line
from agentflow.agents.protocol import AttemptError
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass

#: Statuses with a class of their own. Others from 400 on are rejected, from 500 on server errors.
_BY_STATUS = {
    408: FailureClass.TIMEOUT,
    429: FailureClass.RATE_LIMITED,
    529: FailureClass.RATE_LIMITED,
}
#: What the transport met, the first that fits. Nothing was sent before there was a connection.
#: By name, since `httpx` and its successor `httpx2` call them the same.
_BY_TRANSPORT = {
    "ConnectError": FailureClass.NOT_SENT,
    "ConnectTimeout": FailureClass.NOT_SENT,
    "PoolTimeout": FailureClass.NOT_SENT,
    "UnsupportedProtocol": FailureClass.REJECTED,
    "LocalProtocolError": FailureClass.REJECTED,
    "TimeoutException": FailureClass.TIMEOUT,
    "TransportError": FailureClass.SERVER_ERROR,
}
#: Seconds; whoever asks for more does not want to be asked again.
LONGEST = 1e9
_CLIENTS = frozenset({"httpx", "httpx2"})


def refused(who: str, answer: Any, said: bytes) -> AttemptError:
    """What an answer comes to whose status is none of success; `said` is the beginning of its body.

    The answer is one of httpx or of its successor.
    """
    status, wait = answer.status_code, seconds_to_wait(answer.headers.get("retry-after"))
    text = said.decode(errors="replace")
    words = line(text)
    return AttemptError(
        class_of_status(status, wait) if status >= 400 else FailureClass.REJECTED,
        f"{who} answered {status}{f': {words}' if words else ''}",
        retry_after=wait,
        detail=detail(text),
    )


def broken(
    who: str, error: Exception, *, where: str | None = None, timeout: float | None = None
) -> AttemptError:
    """What an error of the transport comes to; an answer may have had `timeout` seconds."""
    failure, words = class_of_transport(error), line(str(error))
    assert failure is not None
    match failure:
        case FailureClass.NOT_SENT:
            at = f" at {where}" if where is not None else ""
            what = f"cannot be reached{at}: {words or 'no connection in time'}"
        case FailureClass.REJECTED:
            what = f"cannot be sent: {words}"
        case FailureClass.TIMEOUT if timeout is not None:
            what = f"was not answered within {time_in_words(timeout)}"
        case _:
            what = "broke off before its answer was complete"
    return AttemptError(failure, f"{who} {what}")


def class_of_status(status: int, retry_after: float | None) -> FailureClass:
    """The class of an answer with a status from 400 on."""
    if status == 503 and retry_after is not None:
        return FailureClass.RATE_LIMITED
    other = FailureClass.SERVER_ERROR if status >= 500 else FailureClass.REJECTED
    return _BY_STATUS.get(status, other)


def class_of_transport(error: BaseException) -> FailureClass | None:
    """The class of an error of the transport; None for any other error."""
    kinds = (kind for kind in type(error).__mro__ if kind.__module__ in _CLIENTS)
    return next((_BY_TRANSPORT[k.__name__] for k in kinds if k.__name__ in _BY_TRANSPORT), None)


def seconds_to_wait(header: str | None) -> float | None:
    """Seconds from a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    seconds = number_of_seconds(header)
    if seconds is not None or header is None:
        return seconds
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    if date.tzinfo is None:  # the oldest of the three forms does not say so, and is in UTC as well
        date = date.replace(tzinfo=UTC)
    return min(max(0.0, date.timestamp() - time.time()), LONGEST)


def number_of_seconds(text: str | None) -> float | None:
    """Seconds from a header that holds nothing but their number."""
    if text is None or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return None
    return min(float(text), LONGEST)
