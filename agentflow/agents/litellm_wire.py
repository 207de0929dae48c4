"""Where the requests of LiteLLM leave this machine: what may be sent, and what is recorded of it.

LiteLLM creates clients in many places. All of them use the classes of the HTTP libraries, so the
rules are enforced there: no header that may hold a key is sent to a host that must not see it, a
connection has to be made within a limit, no redirect is followed, bytes that are not UTF-8 are not
replaced by other characters, and no more of a failure is read than somebody needs. The request that
is sent is recorded in `WIRE` of the task or the thread that sends it.
"""

import codecs
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
import httpx
from msgspec import Struct

from agentflow.agents.litellm_bodies import read_failure, read_failure_waiting, shorten
from agentflow.agents.protocol import Reach, unwatched
from agentflow.agents.redirects import follow_none, shown
from agentflow.agents.secrets import KEY_ENDINGS, SHORTEST
from agentflow.agents.wire import CONNECT

#: What a request without a key may tell.
_HARMLESS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-length", "content-type"}
    | {"transfer-encoding", "user-agent"}
)


class Wire(Struct):
    """One call: how many seconds it may take, and whether its requests are `withheld` any key.

    The provider's keys are looked for in its `own` variables first.

    Once a request has `left`, `url` is where it went, without its query, and `keys` are those that
    it had, by their variables. `reached` is told when that is, and `answered` says whether a status
    came that is no failure; `body` is what came with it, if not as a stream. Of a call that is
    `over` nothing leaves any more, though some are made in threads that nobody can stop.
    """

    timeout: float
    own: Sequence[str] = ()
    withheld: bool = False
    reached: Reach = unwatched
    over: bool = False
    left: bool = False
    answered: bool = False
    body: bytes = b""
    url: str = ""
    keys: Mapping[str, str] = {}

    @property
    def connect(self) -> float:
        """The seconds in which a connection has to stand."""
        return min(CONNECT, self.timeout / 2)


#: The call that is being made; None outside of one.
WIRE: ContextVar[Wire | None] = ContextVar("wire", default=None)


def guard() -> None:
    """Have every client of the HTTP libraries do as this module says from now on."""
    send, send_waiting, request = (
        httpx.AsyncClient.send,
        httpx.Client.send,
        aiohttp.ClientSession._request,
    )

    async def send_guarded(client: httpx.AsyncClient, leaving: httpx.Request, **how: Any) -> Any:
        wire = WIRE.get()
        if wire is None:
            return await send(client, leaving, **how)
        _leaves(leaving, wire)
        answer = await send(client, leaving, **{**how, "stream": True})
        if not answer.is_success:
            await read_failure(answer)
        elif how.get("stream"):
            answer.aiter_text = partial(_text_of, answer)  # type: ignore[method-assign]
        else:
            await answer.aread()
            shorten(answer)
        _answered(answer, wire, how)
        return answer

    def send_guarded_waiting(client: httpx.Client, leaving: httpx.Request, **how: Any) -> Any:
        wire = WIRE.get()
        if wire is None:
            return send_waiting(client, leaving, **how)
        _leaves(leaving, wire)
        answer = send_waiting(client, leaving, **{**how, "stream": True})
        if not answer.is_success:
            read_failure_waiting(answer)
        elif not how.get("stream"):
            answer.read()
            shorten(answer)
        _answered(answer, wire, how)
        return answer

    async def request_guarded(session: aiohttp.ClientSession, *what: Any, **how: Any) -> Any:
        wire = WIRE.get()
        if wire is not None:
            _leaves_now(wire)
        return await request(session, *what, **how)

    httpx.AsyncClient.send = send_guarded  # type: ignore[method-assign, assignment]
    httpx.Client.send = send_guarded_waiting  # type: ignore[method-assign, assignment]
    aiohttp.ClientSession._request = request_guarded  # type: ignore[method-assign, assignment]
    follow_none()


async def _text_of(answer: httpx.Response, _size: int | None = None) -> AsyncIterator[str]:
    """The text of a stream. httpx would put another character in the place of what is no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    async for data in answer.aiter_bytes():
        yield decoder.decode(data)
    decoder.decode(b"", final=True)


def _leaves(request: httpx.Request, wire: Wire) -> None:
    if wire.withheld:
        for name in set(request.headers) - _HARMLESS:
            if not name.startswith("x-stainless-"):  # OpenAI's client finds its way by them
                del request.headers[name]
    times = request.extensions.get("timeout") or {}
    request.extensions["timeout"] = {**times, "connect": wire.connect, "pool": wire.connect}
    wire.url, wire.keys = shown(str(request.url)), _keys_in(request, wire.own)
    _leaves_now(wire)


def _leaves_now(wire: Wire) -> None:
    """Tell so before looking whether it may: whoever took it for not sent has said so before."""
    wire.reached("sent")
    if wire.over:
        raise httpx.RequestError("the call was given up before its request was sent")
    wire.left = True


def _answered(answer: httpx.Response, wire: Wire, how: Mapping[str, Any]) -> None:
    wire.answered = answer.is_success
    wire.body = b"" if how.get("stream") and answer.is_success else answer.content


def _keys_in(request: httpx.Request, own: Sequence[str]) -> dict[str, str]:
    """The variables whose keys are in the headers or the query of a request, one for each."""
    texts = [request.url.query.decode(errors="replace"), *request.headers.values()]
    names = [*own, *(name for name in os.environ if name.endswith(KEY_ENDINGS))]
    found: dict[str, str] = {}
    for name in names:
        value = os.environ.get(name, "")
        known = len(value) >= SHORTEST and value not in found.values()
        if known and any(value in text for text in texts):
            found[name] = value
    return found
