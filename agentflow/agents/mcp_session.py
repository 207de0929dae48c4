"""A session with one server: begun once, shared by all calls, ended with everything it started.

The SDK requires that the same task begins and ends a session, so each session has a task of its
own, while calls are made from the tasks that need them.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any, NoReturn, Protocol

from pydantic import TypeAdapter, ValidationError

from agentflow import __version__
from agentflow.agents.excerpts import detail, line, line_of
from agentflow.agents.mcp_results import hints_of, refuse
from agentflow.agents.mcp_sdk import (
    Client,
    IncomingMessage,
    ListenNotSupportedError,
    MCPError,
    Subscription,
    SubscriptionLost,
    types,
)
from agentflow.agents.processes import first
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.worker import ANSWER_LIMIT, Failed, plain
from agentflow.plan.definitions import Definition, as_data
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass, Json

#: Pages of the list of a server's tools that are asked for.
MOST_PAGES = 100
#: Seconds for a server to agree that it will say when its tools change.
LISTENING = 5.0
#: Seconds for a session to end in order.
ENDING = 5.0

_RESULT: TypeAdapter[Any] = TypeAdapter(types.CallToolResult | types.InputRequiredResult)
_CLIENT = types.Implementation(name="agentflow", version=__version__)


class Transport(Protocol):
    """A way to a server: `mcp_stdio.Program` or `mcp_http.Remote`.

    `why` says how it came to an end, `words` are what the server said besides, `kept` is what there
    is of a message that was too long for it to go on, and `over` is done when nothing more is to be
    expected of it.
    """

    kept: Reply | None

    over: "asyncio.Future[None]"

    @property
    def why(self) -> str | None: ...

    @property
    def words(self) -> str | None: ...

    def failure(self, data: object) -> AttemptError | None:
        """What went wrong on the way, if the data of an error of the protocol stands for that."""

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *error: Any) -> Any: ...


class Gone(Exception):
    """The server does not know the session any more; it has not done what it was asked for."""


class Session:
    """A session with a server called `name`, over a transport that `connect` makes.

    `clean` takes secrets out of what the server says of its tools. `tools` is what the server has,
    by name. It is `over` when no call can be made in it.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Transport],
        start_timeout: float,
        clean: Callable[[Json], Json],
    ) -> None:
        self._name = name
        self._clean = clean
        self._connect = connect
        self._start_timeout = start_timeout
        self._transport: Transport | None = None
        self._client: Client | None = None
        self._told_of_changes = False
        self._listing = asyncio.Lock()
        self._stop = asyncio.get_running_loop().create_future()
        self._failed: AttemptError | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tools: Mapping[str, Definition] = {}
        self._task = asyncio.ensure_future(self._live())

    @property
    def over(self) -> bool:
        """Can no call be made any more?"""
        ended = self._transport is not None and self._transport.over.done()
        return ended or self._task.done() or self._stop.done()

    async def begin(self) -> None:
        """Wait until it has begun. Raises `AttemptError`, the same for all who wait."""
        await first(self._ready, self._task)
        if not self._ready.done():
            error = self._failed or self._not_started("was ended before it was ready")
            raise AttemptError(error.failure, error.message, detail=error.detail)

    async def call(self, tool: str, call: Call) -> Any:
        """The result of a call of a tool, as the SDK has it.

        Raises:
            Gone: the server does not know the session.
            AttemptError: the call failed.
            asyncio.CancelledError: it was given up, with what the server has said besides.
        """
        shown = f"tool '{tool}' of server '{self._name}'"
        meta: Any = {"agentflow/run-id": call.run_id, "agentflow/step": call.step}
        if call.idempotency_key is not None:
            meta["agentflow/idempotency-key"] = call.idempotency_key
        params = types.CallToolRequestParams(name=tool, arguments=dict(call.input), _meta=meta)
        try:
            return await self._ask(shown, types.CallToolRequest(params=params), _RESULT)
        except asyncio.CancelledError:
            raise asyncio.CancelledError(self.words) from None

    @property
    def words(self) -> str | None:
        """The end of what the server has said besides its answers, to all calls."""
        return self._transport.words if self._transport is not None else None

    async def current_tools(self) -> Mapping[str, Definition]:
        """What the server has now: asked again only if it has said that this has changed."""
        async with self._listing:
            if self._told_of_changes:
                self._told_of_changes = False
                self.tools = await self._list()
            return self.tools

    async def close(self) -> None:
        """End it; the calls that are under way fail."""
        if not self._stop.done():
            self._stop.set_result(None)
        done, _ = await asyncio.wait([self._task], timeout=ENDING)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=ENDING)

    async def _live(self) -> None:
        """The life of the session, from the start of the server to its end."""
        try:
            self._transport = self._connect()
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._start_timeout):
                    client = Client(
                        self._transport,
                        cache=None,
                        client_info=_CLIENT,
                        message_handler=self._hear,
                    )
                    self._client = await stack.enter_async_context(client)
                    await self._listen(client, stack)
                    self.tools = await self._list()
                self._ready.set_result(None)
                await first(self._stop, self._transport.over)
        except Exception as error:  # noqa: BLE001 - whatever a transport of the SDK comes to
            self._failed = self._why(error)

    async def _listen(self, client: Client, stack: AsyncExitStack) -> None:
        """Subscribe to changes of the tools if possible; servers before 2026 send them unasked."""
        able = client.server_capabilities.tools
        if able is None or not able.list_changed:
            return
        with suppress(MCPError, ListenNotSupportedError, SubscriptionLost, TimeoutError):
            async with asyncio.timeout(LISTENING):
                changes = await stack.enter_async_context(client.listen(tools_list_changed=True))
            stack.push_async_callback(_end, asyncio.ensure_future(self._heed(changes)))

    async def _heed(self, changes: Subscription) -> None:
        with suppress(SubscriptionLost):
            async for _ in changes:
                self._told_of_changes = True

    async def _hear(self, message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._told_of_changes = True

    async def _list(self) -> dict[str, Definition]:
        """All tools of the server. Raises `AttemptError`."""
        found: dict[str, Definition] = {}
        shown, cursor, size = f"server '{self._name}'", None, 0
        for _ in range(MOST_PAGES):
            request = types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor))
            page = await self._ask(shown, request, TypeAdapter(types.ListToolsResult))
            for tool in page.tools:
                found[tool.name] = definition = self._definition(tool)
                size += len(json.dumps(as_data(definition)))
            if size > ANSWER_LIMIT:
                message = f"the definitions of {shown} have more than {ANSWER_LIMIT // 10**6} MB"
                raise AttemptError(FailureClass.REJECTED, message)
            cursor = page.next_cursor
            if cursor is None:
                return found
        message = f"{shown} has more than {MOST_PAGES} pages of tools"
        raise AttemptError(FailureClass.REJECTED, message)

    def _definition(self, tool: types.Tool) -> Definition:
        """What the server says of a tool, without its secrets. Raises `AttemptError`."""
        said = [tool.description, tool.input_schema, tool.output_schema]
        try:
            description, given, answered = self._clean(plain(said))
        except Failed as problem:
            message = f"tool '{tool.name}' of server '{self._name}' {problem.message}"
            raise AttemptError(FailureClass.REJECTED, message) from problem
        return Definition(tool.name, description, given, answered, hints_of(tool.annotations))

    async def _ask(self, shown: str, request: Any, result: TypeAdapter[Any]) -> Any:
        """Ask the server for something. Raises `Gone` or `AttemptError`."""
        assert self._client is not None
        try:
            return await self._client.session.send_request(request, result)
        except MCPError as error:
            known = self._known_failure(error)
            if known is None:
                refuse(shown, error)
            raise known from error
        except ValidationError as error:
            message = f"{shown} answered with what the protocol does not know: {_first_of(error)}"
            raise AttemptError(
                FailureClass.INVALID_OUTPUT, message, detail=detail(str(error))
            ) from error
        except RuntimeError as error:
            self._broken(shown, error)

    def _broken(self, shown: str, error: Exception) -> NoReturn:
        raise AttemptError(
            FailureClass.SERVER_ERROR, f"{shown} failed: {line_of(error)}"
        ) from error

    def _known_failure(self, error: MCPError) -> AttemptError | None:
        """What an error comes to that the server has not answered with."""
        transport = self._transport
        assert transport is not None
        failure = transport.failure(error.data)
        if failure is not None:
            if transport.over.done():
                raise Gone from failure
            return failure
        if error.code == types.CONNECTION_CLOSED:
            why = transport.why or "broke off before its answer was complete"
            message = f"server '{self._name}' {why}"
            server_error, words = FailureClass.SERVER_ERROR, transport.words
            return AttemptError(server_error, message, detail=words, reply=transport.kept)
        return None

    def _why(self, error: BaseException) -> AttemptError:
        """Why the session could not be begun, or how it came to an end."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, AttemptError):
            return error
        if isinstance(error, TimeoutError):
            return self._not_started(f"was not ready within {time_in_words(self._start_timeout)}")
        if isinstance(error, MCPError):
            with suppress(Gone):
                known = self._known_failure(error)
                if known is not None and known.failure is FailureClass.SERVER_ERROR:
                    known.failure = FailureClass.NOT_SENT
                if known is not None:
                    return known
        return self._not_started(f"cannot be used: {line_of(error)}")

    def _not_started(self, what: str) -> AttemptError:
        """Nothing was asked of the server yet, so another attempt can do no harm."""
        return AttemptError(
            FailureClass.NOT_SENT, f"server '{self._name}' {what}", detail=self.words
        )


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])


def _first_of(error: ValidationError) -> str:
    """The first thing that is wrong with a result, on one line."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
