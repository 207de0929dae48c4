"""The client of `http` agents.

- One call is one request. Nothing is sent a second time by itself, and no connection is used twice:
  a connection that was kept may be closed by the other side at the moment something is sent on it,
  and then nobody knows whether it was received.
- Redirects are followed by these rules, at most `MOST_REDIRECTS` of them: to the same host, or to
  one of `redirect_hosts`; never from https to http; with the same method and body for 307 and 308,
  as a GET for 303, and for 301 and 302 if the method is GET. The headers of the spec, credentials
  among them, go to its own host only.
- Every address is checked before it is connected to (`http_addresses`).
- An answer is read in pieces, and never beyond its limit.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import httpx
from msgspec.structs import replace

from agentflow.agents.evidence import evidence_in
from agentflow.agents.excerpts import DETAIL
from agentflow.agents.http import Options
from agentflow.agents.http_addresses import Address
from agentflow.agents.http_failures import broken, refused, seconds_to_wait
from agentflow.agents.http_requests import Request, request_of
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.wire import CONNECT, PORTS, addresses_for, transport
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.contracts.strict import NotJson, loads
from agentflow.spec.model import FailureClass, Json

MOST_REDIRECTS = 5
#: Seconds to hear what a failure says besides its status.
LISTEN = 2.0
_AS_IT_WAS = frozenset({307, 308})
_AS_GET = frozenset({303})
_IF_GET = frozenset({301, 302})


class Client:
    """The connection of the kind `http`."""

    def __init__(self) -> None:
        self._client = _client()
        self._closed = asyncio.Event()

    async def call(self, options: Options, call: Call) -> Reply:
        """Make the request; the JSON that comes back is the reply's value.

        Raises `AttemptError` with the class of what went wrong.
        """
        request = request_of(options, call)
        hosts = frozenset(host.lower().strip("[]") for host in options.redirect_hosts)
        exchange = _Exchange(self._client, call.timeout, hosts)
        answering = asyncio.ensure_future(exchange.run(request))
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait([answering, closed], return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                return Reply(answering.result())
            message = f"{request.shown} was broken off: the run has ended"
            raise AttemptError(FailureClass.SERVER_ERROR, message)
        finally:
            for task in (answering, closed):
                task.cancel()
            await asyncio.wait([answering, closed])

    async def close(self) -> None:
        """End what is still under way."""
        self._closed.set()
        await self._client.aclose()


async def send_once(request: Request, timeout: float) -> tuple[int, float | None]:
    """Send a request of our own without following redirects; the status, and its `Retry-After`.

    `timeout` is in seconds for each step of it. Raises `AttemptError` if there is no answer.
    """
    async with _client() as client, _Exchange(client, timeout).sent(request) as answer:
        return answer.status_code, seconds_to_wait(answer.headers.get("retry-after"))


def _client() -> httpx.AsyncClient:
    # No proxy: what it connects to could not be looked at. No credentials from a .netrc.
    return httpx.AsyncClient(transport=transport(httpx), trust_env=False)


class _Exchange:
    """One call: the request, and those that redirects make of it.

    `acted` says that the other side has done the work and only tells where its result is (303).
    """

    def __init__(
        self, client: httpx.AsyncClient, timeout: float, hosts: frozenset[str] = frozenset()
    ) -> None:
        self._client = client
        self._timeout = timeout
        self._hosts = hosts
        self._from_public = False
        self._redirects = 0
        self._acted = False

    async def run(self, request: Request) -> Json:
        """Send the request, follow where it leads, and give what comes back."""
        home = _parsed(request)
        while True:
            try:
                async with self._sent(request, home) as answer:
                    if answer.status_code not in _AS_IT_WAS | _AS_GET | _IF_GET:
                        return await _read(request, answer)
                    request = self._redirected(request, answer)
            except AttemptError as error:
                if self._acted and error.failure in (FailureClass.NOT_SENT, FailureClass.REJECTED):
                    error.failure = FailureClass.SERVER_ERROR
                raise

    @asynccontextmanager
    async def sent(self, request: Request) -> AsyncIterator[httpx.Response]:
        """Send a request and give what comes back, a redirect too."""
        async with self._sent(request, _parsed(request)) as answer:
            yield answer

    @asynccontextmanager
    async def _sent(self, request: Request, home: httpx.URL) -> AsyncIterator[httpx.Response]:
        """Send a request, with the headers of the spec if that is to its own host."""
        url = _parsed(request)
        headers = {**request.headers, **(request.own if _same_place(home, url) else {})}
        try:
            answer = await self._answered(request, url, headers)
            try:
                yield answer
            finally:
                await answer.aclose()
        except httpx.TransportError as error:
            raise broken(request.shown, error, timeout=self._timeout) from error

    async def _answered(
        self, request: Request, url: httpx.URL, headers: Mapping[str, str]
    ) -> httpx.Response:
        """What comes back from the first of its host's addresses that can be connected to."""
        limit = min(CONNECT, self._timeout / 2)
        loop = asyncio.get_running_loop()
        until = loop.time() + limit
        only_public = self._redirects > 0 and self._from_public
        shown = f"{request.shown}:"
        *others, last = await addresses_for(shown, url, limit, only_public=only_public)
        for index, address in enumerate(others):
            # Each of those that are left has the same share of the time that is left.
            share = max(until - loop.time(), 0) / (len(others) + 1 - index)
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._answered_by(address, request, url, headers, share)
        share = max(until - loop.time(), 0)
        return await self._answered_by(last, request, url, headers, share)

    async def _answered_by(
        self,
        address: Address,
        request: Request,
        url: httpx.URL,
        headers: Mapping[str, str],
        patience: float,
    ) -> httpx.Response:
        """What comes back from an address, which is to be connected to in so many seconds."""
        leaving = httpx.Request(
            request.method,
            url.copy_with(host=address.ip),
            headers={"Host": url.netloc.decode(), **headers},
            content=request.body,
            extensions={
                "sni_hostname": url.raw_host.decode(),
                "timeout": {"connect": patience, "read": self._timeout},
            },
        )
        answer = await self._client.send(leaving, stream=True)
        self._from_public |= address.public
        return answer

    def _redirected(self, request: Request, answer: httpx.Response) -> Request:
        """The request that a redirect makes of this one. Raises `AttemptError`."""
        status = answer.status_code
        safe = request.method == "GET"
        self._acted |= status in _AS_GET and not safe
        where = answer.headers.get("location", "")
        self._redirects += 1

        def refuse(why: str) -> NoReturn:
            # After 303 the work is done, and only its result is out of reach.
            failure = FailureClass.INVALID_OUTPUT if self._acted else FailureClass.REJECTED
            shown = where.partition("?")[0][:200]
            raise AttemptError(failure, f"{request.shown} answered {status} to '{shown}': {why}")

        if status in _IF_GET and not safe:
            refuse(f"that does not say whether to {request.method} again; 307 and 308 do")
        if self._redirects > MOST_REDIRECTS:
            refuse(f"more than {MOST_REDIRECTS} redirects")
        here = httpx.URL(request.url)
        try:
            there = here.join(where)
        except (httpx.InvalidURL, ValueError):
            refuse("that is no url")
        if not where or there.scheme not in PORTS or not there.host or there.userinfo:
            refuse("that is no url to follow")
        if here.scheme == "https" and there.scheme == "http":
            refuse("that leads from https to http")
        if not _same_place(here, there) and there.host.lower() not in self._hosts:
            refuse("that is another host, and not in 'redirect_hosts'")
        target = str(there.copy_with(fragment=None))
        if status in _AS_GET:
            headers = {k: v for k, v in request.headers.items() if k != "Content-Type"}
            return replace(request, method="GET", url=target, headers=headers, body=None)
        return replace(request, url=target)


def _parsed(request: Request) -> httpx.URL:
    try:
        return httpx.URL(request.url)
    except httpx.InvalidURL as error:
        message = f"{request.shown} cannot be sent: {error}"
        raise AttemptError(FailureClass.REJECTED, message) from error


def _same_place(here: httpx.URL, there: httpx.URL) -> bool:
    """The same host and port, or the same host by https instead of http."""
    if here.host != there.host:
        return False
    return here.port == there.port or (here.port is None and there.port is None)


async def _read(request: Request, answer: httpx.Response) -> Json:
    """The JSON of an answer. Raises `AttemptError`, and lets errors of the transport through."""
    status = answer.status_code
    if not 200 <= status < 300:
        raise refused(request.shown, answer, await _beginning(answer))
    if status in (204, 205):
        return None

    def invalid(what: str, kept: Reply | None = None) -> NoReturn:
        message = f"{request.shown} answered {what}"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message, reply=kept)

    encoding = answer.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        invalid(f"in encoding '{encoding[:20]}', which it was not asked for")
    pieces: list[bytes] = []
    size = 0
    async for piece in answer.aiter_raw():
        size += len(piece)
        pieces.append(piece)
        if size > ANSWER_LIMIT:
            invalid(f"more than {ANSWER_LIMIT // 10**6} MB", evidence_in(pieces, whole=False))
    try:
        text = b"".join(pieces).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        invalid(f"what is not UTF-8, at byte {error.start}", evidence_in(pieces, whole=True))
    if not text.strip():
        invalid("nothing")
    try:
        return loads(text)
    except NotJson as error:
        invalid(f"no JSON that can be read: {error.reason}")


async def _beginning(answer: httpx.Response) -> bytes:
    """What an answer that is a failure says, as far as it says it soon."""
    said = b""
    with suppress(httpx.TransportError, TimeoutError):  # the status says enough
        async with asyncio.timeout(LISTEN):
            async for piece in answer.aiter_raw():
                said += piece
                if len(said) >= DETAIL:
                    break
    return said[:DETAIL]
