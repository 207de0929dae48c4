"""Signatures of messages over HTTP, as Standard Webhooks 1.0.0 has them.

Three headers go with a body: `webhook-id`, the same however often a message is sent;
`webhook-timestamp`, the seconds since 1970 at which it is sent; `webhook-signature`, `v1,` and the
base64 of the HMAC-SHA256 of `{id}.{timestamp}.{body}`. There may be several signatures, with spaces
between them, while a secret is being replaced by another one.

A secret is what stands after `whsec_`, in base64; any other text is taken as it is.

Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

from agentflow.spec.durations import time_in_words

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: Seconds by which the clocks of both sides may differ, the time on the way included.
TOLERANCE = 300
_PREFIX = "whsec_"
_VERSION = "v1"
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TIME = re.compile(r"[0-9]{1,12}")


class Forged(Exception):
    """A message is not what its headers say, or it came too late or too early; says why."""


def signed(secret: str, message: str, at: int, body: bytes) -> dict[str, str]:
    """The headers for a body that is sent `at` so many seconds since 1970."""
    signature = _signature(_key(secret), message, str(at), body)
    return {ID: message, TIMESTAMP: str(at), SIGNATURE: f"{_VERSION},{signature}"}


def verify(secret: str, headers: Mapping[str, str], now: float, body: bytes) -> str:
    """The id of a message whose signature and time are right.

    `headers` are looked up by names in lower case. Raises `Forged`.
    """
    message, at = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not _ID.fullmatch(message) or not _TIME.fullmatch(at):
        raise Forged(f"it has no '{ID}' and '{TIMESTAMP}' that can be read")
    expected = _signature(_key(secret), message, at, body).encode()
    given = [part.partition(",") for part in headers.get(SIGNATURE, "").split(" ")[:10]]
    # All are compared, so that the time tells nothing.
    right = [
        hmac.compare_digest(expected, text.encode(errors="replace"))
        for version, _, text in given
        if version == _VERSION
    ]
    if not any(right):
        raise Forged("its signature is not right")
    late = now - int(at)
    if abs(late) > TOLERANCE:
        when = "ago" if late > 0 else "from now"
        raise Forged(
            f"it was signed {time_in_words(abs(round(late)))} {when}, and {time_in_words(TOLERANCE)} are allowed"
        )
    return message


def _signature(key: bytes, message: str, at: str, body: bytes) -> str:
    text = f"{message}.{at}.".encode() + body
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass  # no base64, so it is meant as it is
    return secret.encode(errors="surrogateescape")
