"""A transport of the SDK to a server that has an address: one that is looked at before it is used.

Below the SDK's client for streamable HTTP lies an HTTP client, and below that what sends a request
and gets an answer. That part is ours:

- Every address is looked at before it is connected to (`http_addresses`), and what was public at
  first stays so. No connection is used twice, no proxy is used, nothing is decompressed.
- Redirects are followed by the SDK, within the scheme, host and port of the url only, so the headers
  of the spec go nowhere else.
- What goes wrong reaches the call that it is about, and no other. An error of the transport would
  end the session of the SDK, and of a status it keeps nothing. So both are given to it as what it
  carries to the right call: an error of the protocol, whose data is a ticket for ours.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Any

from agentflow import __version__
from agentflow.agents.http_addresses import Address, Refused, addresses_of
from agentflow.agents.http_failures import class_of_status, class_of_transport, seconds_to_wait
from agentflow.agents.mcp_sdk import httpx2, streamable_http_client
from agentflow.agents.protocol import AttemptError
from agentflow.agents.secrets import resolve
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.spec.model import FailureClass, Server

#: Seconds to find a host and connect to it.
CONNECT = 10.0
#: Seconds for goodbye.
GOODBYE = 1.0
#: Bytes of the body of a failure that are read, and characters of it that a message shows.
DETAIL, EXCERPT = 64_000, 300
_PORTS = {"http": 80, "https": 443}
_SESSION = "mcp-session-id"


class Remote:
    """A context manager that gives the streams of a server with an address.

    `over` is done when the server does not know the session any more.
    """

    def __init__(self, server: Server, name: str) -> None:
        assert server.url is not None
        self._url = server.url
        self._own = server.headers
        self._wire = _Wire(f"server '{name}'")
        self._streams: Any = None
        self._client: httpx2.AsyncClient | None = None
        self.over = self._wire.over
        self.words = None

    async def __aenter__(self) -> Any:
        own = {name: resolve(value) for name, value in self._own.items()}
        headers = {"User-Agent": f"agentflow/{__version__}", "Accept-Encoding": "identity", **own}
        # No credentials from a .netrc. How long an answer may take is the affair of each call.
        self._client = httpx2.AsyncClient(
            transport=self._wire, headers=headers, trust_env=False, timeout=None
        )
        self._streams = streamable_http_client(
            self._url, http_client=self._client, max_sse_event_size=ANSWER_LIMIT
        )
        return await self._streams.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        assert self._client is not None
        try:
            return await self._streams.__aexit__(kind, error, traceback)
        finally:
            await self._client.aclose()

    @property
    def why(self) -> str | None:
        """Why its session is over, for a message; None while it is not."""
        return "does not know the session any more" if self.over.done() else None

    def failure(self, data: object) -> AttemptError | None:
        """What went wrong on the wire, if the data of an error is a ticket for that."""
        return self._wire.failures.pop(data, None) if isinstance(data, str) else None


class _Wire(httpx2.AsyncBaseTransport):
    """Sends requests. It raises nothing: what goes wrong is among the `failures`, by ticket."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._public = False
        self._below = httpx2.AsyncHTTPTransport(
            trust_env=True,  # for the certificates that the operator trusts
            retries=0,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )
        self.failures: dict[str, AttemptError] = {}
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the answer is what came, or what the SDK is to make of a failure."""
        try:
            answer = await self._sent(request)
            try:
                return await self._read(request, answer)
            except BaseException:
                await answer.aclose()
                raise
        except httpx2.TransportError as error:
            return self._as_answer(self._broken(request, error))
        except AttemptError as error:
            return self._as_answer(error)

    async def aclose(self) -> None:
        """End what is under way."""
        await self._below.aclose()

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to the first of its host's addresses that can be connected to."""
        url = request.url
        goodbye = request.method == "DELETE"
        times = {"connect": CONNECT, "read": GOODBYE if goodbye else None}
        addresses = await self._addresses(url)
        for index, address in enumerate(addresses):
            try:
                answer = await self._below.handle_async_request(
                    httpx2.Request(
                        request.method,
                        url.copy_with(host=address.ip),
                        headers=request.headers,
                        stream=request.stream,
                        extensions={"sni_hostname": url.raw_host.decode(), "timeout": times},
                    )
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if index == len(addresses) - 1:
                    raise
            else:
                self._public |= address.public
                return answer
        raise AssertionError("a host without addresses is refused")

    async def _addresses(self, url: httpx2.URL) -> list[Address]:
        try:
            port = url.port or _PORTS[url.scheme]
            async with asyncio.timeout(CONNECT):
                host = url.raw_host.decode()
                return list(await addresses_of(host, port, only_public=self._public))
        except KeyError:
            raise self._failed(FailureClass.REJECTED, "is reached by http or https") from None
        except Refused as error:
            raise self._failed(FailureClass.REJECTED, f"{url.host} {error}") from error
        except TimeoutError as error:
            what = f"{url.host} was not found within {CONNECT:g} s"
            raise self._failed(FailureClass.NOT_SENT, what) from error
        except (OSError, UnicodeError) as error:
            words = getattr(error, "strerror", None) or error
            what = f"{url.host} was not found: {words}"
            raise self._failed(FailureClass.NOT_SENT, what) from error

    async def _read(self, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        """The answer with its body, if that is not a stream of events."""
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            what = "answered in an encoding that it was not asked for"
            raise self._failed(FailureClass.INVALID_OUTPUT, what)
        if answer.status_code >= 400:
            return await self._refused(request, answer)
        kind = answer.headers.get("content-type", "").lower()
        if not kind.startswith("application/json"):
            return answer
        body = bytearray()
        async for piece in _pieces(answer):
            body += piece
            if len(body) > ANSWER_LIMIT:
                what = f"answered more than {ANSWER_LIMIT // 10**6} MB"
                raise self._failed(FailureClass.INVALID_OUTPUT, what)
        await answer.aclose()
        return httpx2.Response(
            answer.status_code, headers=_without_length(answer), content=bytes(body)
        )

    async def _refused(self, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        """An answer that is a failure. What the server says in the protocol's own words goes on."""
        said = b""
        with suppress(httpx2.TransportError, TimeoutError):  # the status says enough
            async with asyncio.timeout(GOODBYE):
                async for piece in _pieces(answer):
                    said += piece
                    if len(said) > DETAIL:
                        break
        await answer.aclose()
        status = answer.status_code
        if status == 404 and _SESSION in request.headers:
            if not self.over.done():
                self.over.set_result(None)
            raise self._failed(FailureClass.NOT_SENT, "does not know the session any more")
        if b'"jsonrpc"' in said and b'"error"' in said and len(said) <= DETAIL:
            return httpx2.Response(status, headers=_without_length(answer), content=said)
        wait = seconds_to_wait(answer.headers.get("retry-after"))
        line = " ".join(said.decode(errors="replace").split())[:EXCERPT]
        raise self._failed(
            class_of_status(status, wait),
            f"answered {status}{f': {line}' if line else ''}",
            retry_after=wait,
        )

    def _failed(
        self, failure: FailureClass, what: str, *, retry_after: float | None = None
    ) -> AttemptError:
        return AttemptError(failure, f"{self._name} {what}", retry_after=retry_after)

    def _broken(self, request: httpx2.Request, error: httpx2.TransportError) -> AttemptError:
        failure = class_of_transport(error)
        assert failure is not None
        words = " ".join(str(error).split())[:EXCERPT]
        if failure is FailureClass.NOT_SENT:
            where = f"{request.url.scheme}://{request.url.netloc.decode()}"
            return self._failed(
                failure, f"cannot be reached at {where}: {words or 'no connection in time'}"
            )
        if failure is FailureClass.REJECTED:
            return self._failed(failure, f"cannot be asked: {words}")
        return self._failed(failure, "broke off before its answer was complete")

    def _as_answer(self, error: AttemptError) -> httpx2.Response:
        ticket = secrets.token_hex(16)
        self.failures[ticket] = error
        told = {"code": -32000, "message": error.message, "data": ticket}
        # Whatever the status was, this one makes the SDK read the body and nothing else.
        return httpx2.Response(400, json={"jsonrpc": "2.0", "id": None, "error": told})


async def _pieces(answer: httpx2.Response) -> AsyncIterator[bytes]:
    assert isinstance(answer.stream, httpx2.AsyncByteStream)
    async for piece in answer.stream:
        yield piece


def _without_length(answer: httpx2.Response) -> list[tuple[str, str]]:
    framing = ("content-length", "transfer-encoding")
    return [(name, value) for name, value in answer.headers.items() if name not in framing]
