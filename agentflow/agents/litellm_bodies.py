"""A limit on how much of a response LiteLLM gets to see.

LiteLLM searches the text of an error for keys and for the names of providers, again and again and
in the event loop: 3 MB take ten seconds, in which the run does nothing else. Nobody reads that
much. A complete answer that is valid JSON is left as it is.
"""

import json

import httpx

#: Bytes that are read of a failure, and that are left of what is no answer.
MOST = 8_000


async def read_failure(answer: httpx.Response) -> None:
    """Read the beginning of the body of an answer that is a failure, and let the rest go."""
    said = b""
    try:
        async for piece in answer.aiter_bytes():
            said += piece
            if len(said) >= MOST:
                break
    finally:
        await answer.aclose()
    _put(answer, said)


def read_failure_waiting(answer: httpx.Response) -> None:
    """The same where a thread waits for it."""
    said = b""
    try:
        for piece in answer.iter_bytes():
            said += piece
            if len(said) >= MOST:
                break
    finally:
        answer.close()
    _put(answer, said)


def shorten(answer: httpx.Response) -> None:
    """Leave no more than the beginning of a body that was read and is no JSON."""
    if len(answer.content) > MOST and not is_json(answer.content):
        _put(answer, answer.content)


def is_json(body: bytes) -> bool:
    """Can it be read as JSON?"""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _put(answer: httpx.Response, said: bytes) -> None:
    answer._content = said[:MOST]
