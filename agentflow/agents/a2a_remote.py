"""The remote agents of a run: their cards, the messages to them, and the tasks that come of these.

- A card is read once for each URL and the headers sent with it, since an agent may tell some
  callers more than others. Until the card has arrived the agent has not been asked anything, so
  failures are `not_sent`, or `rejected` if they would happen again.
- Messages go to the host of the url or to one of `card_hosts`, never to another that a card names.
- A message is sent once, and an immediate answer is asked for: usually a task, which can be polled
  and cancelled. A failed poll does not end it; the next one is tried.
- The agent is told when nobody waits for it any longer, and when its question cannot be answered.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeAlias

import httpx
from msgspec import Struct

from agentflow import __version__
from agentflow.agents.a2a import Options
from agentflow.agents.a2a_messages import (
    ASKING,
    JSON,
    TEXT,
    UNDER_WAY,
    message_of,
    reply_of_parts,
    reply_of_task,
)
from agentflow.agents.a2a_sdk import (
    BINDINGS,
    REFUSALS,
    UNREADABLE,
    A2ACardResolver,
    A2AError,
    AgentCard,
    AgentCardResolutionError,
    AgentInterface,
    CancelTaskRequest,
    Client,
    ClientConfig,
    ClientFactory,
    GetTaskRequest,
    Message,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    Task,
    TaskState,
)
from agentflow.agents.excerpts import line_of
from agentflow.agents.http_requests import header
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.secrets import resolve
from agentflow.agents.wire import (
    GOODBYE,
    Wire,
    says_an_error,
    transport,
    without_length,
)
from agentflow.spec.model import FailureClass

#: Seconds until a task is asked after for the first time; each time after that it is half as long
#: again, up to the most.
FIRST, MOST = 0.1, 5.0
_GROWTH = 1.5


#: A url with the headers that its card is asked for with.
_Reader: TypeAlias = tuple[str, frozenset[tuple[str, str]]]


class _Known(Struct, frozen=True):
    """The card of an agent; `public` says that it came from a public address."""

    card: AgentCard
    public: bool


class Remotes:
    """The connection of the kind `a2a`, once the SDK is there."""

    def __init__(self) -> None:
        self._below = transport(httpx)
        self._known: dict[_Reader, asyncio.Task[_Known]] = {}
        self._calls: set[asyncio.Task[Reply]] = set()

    async def call(self, options: Options, call: Call) -> Reply:
        """Send the agent one message, and wait for what comes of it. Raises `AttemptError`."""
        talking = asyncio.ensure_future(self._talk(options, call))
        self._calls.add(talking)
        try:
            await asyncio.wait([talking])
        except asyncio.CancelledError:
            talking.cancel()
            await asyncio.wait([talking])
            talking.result()  # is cancelled too, and tells where it stood
            raise
        finally:
            self._calls.discard(talking)
        if talking.cancelled():
            message = f"the agent at {options.url[:200]} is not waited for: the run has ended"
            raise AttemptError(FailureClass.SERVER_ERROR, message)
        return talking.result()

    async def close(self) -> None:
        """End what is still under way."""
        under_way = [*self._calls, *self._known.values()]
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        await self._below.aclose()

    async def _talk(self, options: Options, call: Call) -> Reply:
        shown = f"the agent at {options.url[:200]}"
        headers = {name: header(name, resolve(value)) for name, value in options.headers.items()}
        known = await self._card(options, headers, shown)
        wire = _Wire(Wire(httpx, self._below, shown, public=known.public))
        async with _http(wire, headers) as http:
            client = _client(http, _interface(options, known.card, shown), known.card)
            return await _Conversation(client, shown, call).hold(known.card)

    async def _card(self, options: Options, headers: Mapping[str, str], shown: str) -> _Known:
        """The agent's card. One that could not be read is read again by the next call."""
        reader = options.url, frozenset(headers.items())
        pending = self._known.get(reader)
        if pending is None or (pending.done() and (pending.cancelled() or pending.exception())):
            pending = asyncio.ensure_future(self._read_card(options, headers, shown))
            self._known[reader] = pending
        # Several calls may wait for it, and one that is cancelled leaves it to the others.
        return await asyncio.shield(pending)

    async def _read_card(self, options: Options, headers: Mapping[str, str], shown: str) -> _Known:
        wire = Wire(httpx, self._below, f"{shown}, asked for its card,")
        try:
            async with _http(_Wire(wire), headers) as http:
                here = "/" if options.url.endswith(".json") else None
                card = await A2ACardResolver(http, options.url).get_agent_card(here)
        except (AgentCardResolutionError, *UNREADABLE) as error:
            message = f"{shown} has no card that can be read: {line_of(error)}"
            raise AttemptError(FailureClass.REJECTED, message) from error
        except AttemptError as error:
            if error.failure is FailureClass.INVALID_OUTPUT:
                error.failure = FailureClass.REJECTED
            elif error.failure is not FailureClass.REJECTED:
                error.failure = FailureClass.NOT_SENT
            raise
        return _Known(card, wire.public)


class _Conversation:
    """One message to an agent, and the task that comes of it."""

    def __init__(self, client: Client, shown: str, call: Call) -> None:
        self._client = client
        self._shown = shown
        self._call = call
        self._sending: asyncio.Task[StreamResponse] | None = None
        self._task: Task | None = None
        self._trouble: str | None = None

    async def hold(self, card: AgentCard) -> Reply:
        """Send the message and wait for the end. Raises `AttemptError`."""
        message = message_of(self._shown, card, self._call)
        try:
            self._sending = asyncio.ensure_future(self._send(message))
            answer = await asyncio.shield(self._sending)
            if answer.HasField("message"):
                return reply_of_parts(self._shown, answer.message.parts, self._call)
            self._task = answer.task
            if not self._task.id:
                what = f"{self._shown} answered with a task that has no id"
                raise AttemptError(FailureClass.INVALID_OUTPUT, what)
            ended = await self._ended(self._task)
            if ended.status.state in ASKING:
                await self._call_off()
            return reply_of_task(self._shown, ended, self._call)
        except REFUSALS as error:
            message_ = f"{self._shown} refused: {line_of(error)}"
            raise AttemptError(FailureClass.REJECTED, message_) from error
        except UNREADABLE as error:
            message_ = (
                f"{self._shown} answered with what the protocol does not know: {line_of(error)}"
            )
            raise AttemptError(FailureClass.INVALID_OUTPUT, message_) from error
        except A2AError as error:
            message_ = f"{self._shown} failed: {line_of(error)}"
            raise AttemptError(FailureClass.SERVER_ERROR, message_) from error
        except asyncio.CancelledError:
            await self._call_off()
            raise asyncio.CancelledError(self._where_it_stood()) from None

    async def _send(self, message: Message) -> StreamResponse:
        """The answer to the message, which is wanted as soon as there is a task."""
        wanted = SendMessageConfiguration(
            accepted_output_modes=[JSON, TEXT], return_immediately=True
        )
        request = SendMessageRequest(message=message, configuration=wanted)
        return await anext(aiter(self._client.send_message(request)))

    async def _ended(self, task: Task) -> Task:
        """Ask after the task until it has ended."""
        wait = FIRST
        while task.status.state in UNDER_WAY:
            await asyncio.sleep(wait)
            wait = min(wait * _GROWTH, MOST)
            try:
                self._task = task = await self._client.get_task(GetTaskRequest(id=task.id))
            except AttemptError as error:
                if error.failure is FailureClass.REJECTED:
                    # The work was begun all the same.
                    error.failure = FailureClass.SERVER_ERROR
                    raise
                self._trouble = error.message
                wait = max(wait, error.retry_after or 0.0)
            except REFUSALS as error:
                message = f"{self._shown} does not say what became of its task: {line_of(error)}"
                raise AttemptError(FailureClass.SERVER_ERROR, message) from error
        return task

    async def _call_off(self) -> None:
        """Tell the agent, once its task is known, that nobody waits for it any more."""
        if self._sending is None:
            return
        with suppress(A2AError, AttemptError, TimeoutError, *UNREADABLE):
            async with asyncio.timeout(GOODBYE):
                if self._task is None:
                    self._task = (await self._sending).task
                if self._task.id and self._task.status.state in UNDER_WAY | ASKING:
                    await self._client.cancel_task(CancelTaskRequest(id=self._task.id))

    def _where_it_stood(self) -> str | None:
        if self._task is None or not self._task.id:
            return None
        state = TaskState.Name(self._task.status.state).removeprefix("TASK_STATE_").lower()
        trouble = f"; when it was asked after: {self._trouble}" if self._trouble else ""
        return f"its task {self._task.id} was {state}{trouble}"


class _Wire(httpx.AsyncBaseTransport):
    """Sends requests below the SDK. What goes wrong comes through it as an `AttemptError`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and give the body of the answer; an error of the protocol is one, too."""
        answer = await self._wire.send(request)
        try:
            self._wire.check_encoding(answer)
            if not answer.is_success:
                said = await self._wire.beginning(answer)
                if not says_an_error(said):
                    raise self._refused(answer, said)
                return httpx.Response(200, headers=without_length(answer), content=said)
            body = await self._wire.body(answer)
            return httpx.Response(200, headers=without_length(answer), content=body)
        except httpx.TransportError as error:
            raise self._wire.broken(request, error) from error
        finally:
            await answer.aclose()

    def _refused(self, answer: httpx.Response, said: bytes) -> AttemptError:
        if answer.status_code >= 400:
            return self._wire.refused(answer, said)
        where = answer.headers.get("location", "").partition("?")[0][:200]
        what = f"answered {answer.status_code}{f' to {where!r}' if where else ''}"
        return self._wire.failed(FailureClass.REJECTED, f"{what}, and no redirect is followed")


def _http(wire: _Wire, own: Mapping[str, str]) -> httpx.AsyncClient:
    headers = {"User-Agent": f"agentflow/{__version__}", "Accept-Encoding": "identity", **own}
    # No credentials from a .netrc. How long an answer may take is the affair of the engine.
    return httpx.AsyncClient(
        transport=wire, headers=headers, trust_env=False, timeout=httpx.Timeout(None)
    )


def _interface(options: Options, card: AgentCard, shown: str) -> AgentInterface:
    """Where messages go: what the card names first of what we speak and may go to."""
    spoken: list[AgentInterface] = [
        one for one in card.supported_interfaces if one.protocol_binding in BINDINGS
    ]
    if not spoken:
        names = ", ".join(one.protocol_binding[:40] for one in card.supported_interfaces)
        message = (
            f"{shown} speaks {names or 'no protocol by its card'}, and not {' or '.join(BINDINGS)}"
        )
        raise AttemptError(FailureClass.REJECTED, message)
    hosts = {host.lower() for host in options.card_hosts}
    home = httpx.URL(options.url)
    for one in spoken:
        there = httpx.URL(one.url)
        same = (there.scheme, there.host, there.port) == (home.scheme, home.host, home.port)
        if same or (there.host in hosts and (there.scheme == "https" or home.scheme == "http")):
            return one
    message = (
        f"the card of {shown} sends messages to {spoken[0].url[:200]}, which is another place:"
        " 'card_hosts' would have to name its host"
    )
    raise AttemptError(FailureClass.REJECTED, message)


def _client(http: httpx.AsyncClient, interface: AgentInterface, card: AgentCard) -> Client:
    """A client that speaks to this interface of the card and to no other."""
    only = AgentCard()
    only.CopyFrom(card)
    del only.supported_interfaces[:]
    only.supported_interfaces.append(interface)
    config = ClientConfig(
        streaming=False, httpx_client=http, supported_protocol_bindings=list(BINDINGS)
    )
    return ClientFactory(config).create(only)
