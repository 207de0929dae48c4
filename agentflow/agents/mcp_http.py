"""A transport for the SDK to a server that has an address, which is checked before it is used.

The SDK's client for streamable HTTP uses an HTTP client, and that in turn something that sends a
request and gets a response. That last part is ours:

- `wire` sends the request, to addresses that it has checked, and reads no further than its limit.
- The SDK follows redirects only within the scheme, host and port of the URL, so the headers of the
  spec go nowhere else.
- A failure reaches the call that it is about, and no other. The SDK ends its session after an error
  of the transport, and does not keep the status of a response. So both are given to it as something
  that it passes to the right call: an error of the protocol, whose data is a ticket for our error.
"""

import asyncio
import secrets
from types import TracebackType
from typing import Any

from agentflow import __version__
from agentflow.agents.mcp_sdk import httpx2, streamable_http_client
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.secrets import resolve
from agentflow.agents.wire import GOODBYE, Wire, says_an_error, transport, without_length
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.spec.model import FailureClass, Server

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
        self.kept: Reply | None = None

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
        self._below = transport(httpx2)
        self._wire = Wire(httpx2, self._below, name)
        self.failures: dict[str, AttemptError] = {}
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the answer is what came, or what the SDK is to make of a failure."""
        try:
            goodbye = request.method == "DELETE"
            answer = await self._wire.send(request, read=GOODBYE if goodbye else None)
            try:
                return await self._read(request, answer)
            except BaseException:
                await answer.aclose()
                raise
        except httpx2.TransportError as error:
            return self._as_answer(self._wire.broken(request, error))
        except AttemptError as error:
            return self._as_answer(error)

    async def aclose(self) -> None:
        """End what is under way."""
        await self._below.aclose()

    async def _read(self, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        """The answer with its body, if that is not a stream of events."""
        self._wire.check_encoding(answer)
        if answer.status_code >= 400:
            return await self._refused(request, answer)
        kind = answer.headers.get("content-type", "").lower()
        if not kind.startswith("application/json"):
            return answer
        body = await self._wire.body(answer)
        return httpx2.Response(answer.status_code, headers=without_length(answer), content=body)

    async def _refused(self, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        """An answer that is a failure. What the server says in the protocol's own words goes on."""
        said = await self._wire.beginning(answer)
        if answer.status_code == 404 and _SESSION in request.headers:
            if not self.over.done():
                self.over.set_result(None)
            raise self._wire.failed(FailureClass.NOT_SENT, "does not know the session any more")
        if says_an_error(said):
            headers = without_length(answer)
            return httpx2.Response(answer.status_code, headers=headers, content=said)
        raise self._wire.refused(answer, said)

    def _as_answer(self, error: AttemptError) -> httpx2.Response:
        ticket = secrets.token_hex(16)
        self.failures[ticket] = error
        told = {"code": -32000, "message": error.message, "data": ticket}
        # Whatever the status was, this one makes the SDK read the body and nothing else.
        return httpx2.Response(400, json={"jsonrpc": "2.0", "id": None, "error": told})
