"""Webhooks: each message is POSTed to an address, signed so that the receiver can tell its sender.

What is sent is `{"type": "agentflow.question", "timestamp": …, "data": MESSAGE}`, or
`agentflow.notice`, with the headers of Standard Webhooks (`signing`). However often it is sent, the
id is the same. Every address is looked at before it is connected to, and no redirect is followed.

Answers come back through `agentflow receive`, signed with the same secret, or in any other way.
"""

import json
import time
from datetime import UTC, datetime

from agentflow import __version__
from agentflow.channels.protocol import DeliveryError, Host, Message
from agentflow.channels.signing import signed
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import WebhookChannel, seconds

_HEADERS = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": f"agentflow/{__version__}",
}
#: Seconds before the second attempt; each later one waits as many times longer.
_PAUSE, _FACTOR = 0.5, 4.0
#: The longest wait that the other side may ask for.
_LONGEST = 30.0
#: Statuses after which it may be tried again.
_PASSING = frozenset({408, 425, 429})


async def deliver(options: WebhookChannel, message: Message, host: Host) -> str:  # noqa: ARG001
    """Send the message until the other side says that it has it, as often as the spec allows."""
    import asyncio

    kind, at = message.document["kind"], message.document.get("asked", time.time())
    envelope = {
        "type": f"agentflow.{kind}",
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "data": message.document,
    }
    body = json.dumps(envelope, separators=(",", ":")).encode()
    name = f"{message.document['run']}-{message.id}"
    pause = _PAUSE
    for attempt in range(1, options.attempts + 1):
        problem, wait = await _send(options, name, body)
        if problem is None:
            return options.url.partition("?")[0]
        if wait is None or attempt == options.attempts:
            break
        await asyncio.sleep(min(max(wait, pause), _LONGEST))
        pause *= _FACTOR
    times = f", {attempt} times" if attempt > 1 else ""
    raise DeliveryError(f"{problem}{times}")


async def _send(options: WebhookChannel, name: str, body: bytes) -> tuple[str | None, float | None]:
    """One attempt: what went wrong, None if nothing did, and how long to wait before the next.

    No wait says that another attempt cannot help.
    """
    import asyncio

    from agentflow.agents.http_client import send_once
    from agentflow.agents.http_requests import Request, header
    from agentflow.agents.protocol import AttemptError
    from agentflow.agents.secrets import resolve
    from agentflow.spec.model import FailureClass

    patience = seconds(options.timeout)
    shown = f"POST {options.url.partition('?')[0][:200]}"
    try:
        own = {key: header(key, resolve(value)) for key, value in options.headers.items()}
        marks = signed(resolve(options.signing_secret), name, int(time.time()), body)
        headers = {**_HEADERS, **marks}
        request = Request("POST", options.url, headers, own, body)
        async with asyncio.timeout(patience):
            status, wait = await send_once(request, patience)
    except TimeoutError:
        return f"{shown} was not answered within {time_in_words(patience)}", 0.0
    except AttemptError as error:
        return error.message, None if error.failure is FailureClass.REJECTED else 0.0
    if 200 <= status < 300:
        return None, None
    problem = f"{shown} answered {status}"
    if 300 <= status < 400:
        return f"{problem}: a redirect is not followed", None
    return problem, (wait or 0.0) if status >= 500 or status in _PASSING else None
