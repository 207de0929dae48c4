"""A transport for the SDK to a server that is a program: one message per line, on stdin and stdout.

It runs in a process group of its own and is always ended (`processes`). As much of its stderr is
kept as messages need. A line on stdout that is not a message is skipped: a server should not write
such lines, but many print a greeting. If the line seems to be an answer all the same, whoever waits
for it is told, as the SDK does over HTTP.
"""

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from agentflow.agents.evidence import evidence_in
from agentflow.agents.excerpts import DETAIL
from agentflow.agents.mcp_sdk import SessionMessage, get_default_environment, types
from agentflow.agents.processes import GRACE, Child, Processes, first
from agentflow.agents.programs import not_started
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.secrets import resolve
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.spec.model import FailureClass, Server

Incoming = SessionMessage | Exception
#: An answer to one of our requests, which have whole numbers as ids, in the two orders in which
#: SDKs write it. It need not be JSON.
_ANSWER = re.compile(
    rb'\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,9})\s*(?:\}|,\s*"(?:result|error)")'
)
_ANSWER_BACKWARDS = re.compile(
    rb'\s*\{\s*"(?:result|error)"\s*:.*,\s*"id"\s*:\s*(\d{1,9})\s*\}\s*$', re.DOTALL
)


class Program:
    """A context manager that gives the streams of a server, which it starts and ends.

    `over` is done when the server has ended by itself, or was ended because it wrote a line that
    is too long.
    """

    def __init__(self, server: Server, name: str, folder: Path, processes: Processes) -> None:
        self._server = server
        self._name = name
        self._folder = folder
        self._processes = processes
        self._child: Child | None = None
        self._line = bytearray()
        self.kept: Reply | None = None
        self._into: MemoryObjectSendStream[Incoming] | None = None
        self._watch: asyncio.Task[None] | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> "tuple[MemoryObjectReceiveStream[Incoming], _Stdin]":
        self._into, out = anyio.create_memory_object_stream[Incoming](float("inf"))
        try:
            self._child = await self._start()
        except BaseException:
            self._into.close()
            out.close()
            raise
        self._watch = asyncio.ensure_future(self._until_it_ends(self._child))
        return out, _Stdin(self._child)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._child is not None
        assert self._watch is not None
        try:
            # A server is told to end by the end of its input, and by signals if that does not help.
            self._child.end_input()
            await first(self._child.exited, timeout=GRACE)
        finally:
            self._watch.cancel()
            await self._processes.stop(self._child)
            self._close()

    @property
    def why(self) -> str | None:
        """How it ended, for a message; None while it runs."""
        if self.kept is not None:
            return f"wrote a message of more than {ANSWER_LIMIT // 10**6} MB"
        if self._child is None or not self._child.exited.done():
            return None
        return self._child.how_it_ended()

    @property
    def words(self) -> str | None:
        """The end of what it wrote to stderr."""
        return self._child.words() if self._child is not None else None

    def failure(self, data: object) -> AttemptError | None:  # noqa: ARG002
        """Nothing that goes wrong on a pipe looks like an error of the protocol."""
        return None

    async def _start(self) -> Child:
        command = self._server.command
        assert command is not None
        program = str(self._folder / command) if "/" in command else command
        cwd = self._folder / (self._server.cwd or ".")
        if not cwd.is_dir():
            message = f"folder '{self._server.cwd}' of server '{self._name}' not found"
            raise AttemptError(FailureClass.REJECTED, message)
        env = get_default_environment() | {
            name: resolve(value) for name, value in self._server.env.items()
        }
        argv = [program, *self._server.args]
        try:
            return await self._processes.start(argv, cwd=cwd, env=env, on_stdout=self._take)
        except OSError as error:
            raise not_started(command, program, error) from error
        except ValueError as error:
            message = f"program '{command}' cannot be started: {error}"
            raise AttemptError(FailureClass.REJECTED, message) from error

    def _take(self, data: bytes) -> None:
        """Take the next piece of what it wrote, and pass on the messages that are complete."""
        if self.kept is not None:
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._pass_on(bytes(self._line) + line)
            self._line.clear()
        self._line += rest
        if len(self._line) > ANSWER_LIMIT:
            self.kept = evidence_in([bytes(self._line)], whole=False)
            self._line.clear()
            self._end()

    def _pass_on(self, line: bytes) -> None:
        if len(line) > ANSWER_LIMIT:
            self.kept = evidence_in([line], whole=True)
            self._end()
            return
        try:
            message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            unreadable = _unreadable(line)
            if unreadable is None:
                return
            message = unreadable
        assert self._into is not None
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._into.send_nowait(SessionMessage(message))

    async def _until_it_ends(self, child: Child) -> None:
        await first(child.exited)
        # What it wrote before its end may still be in the pipe.
        await first(child.drained, timeout=GRACE)
        self._end()

    def _end(self) -> None:
        """No further message comes: whoever waits for one learns that."""
        self._close()
        if not self.over.done():
            self.over.set_result(None)

    def _close(self) -> None:
        if self._into is not None:
            self._into.close()


def _unreadable(line: bytes) -> types.JSONRPCError | None:
    """The error for whoever waits for a line that is no message; None if nobody does."""
    found = _ANSWER.match(line) or _ANSWER_BACKWARDS.match(line)
    if found is None:
        return None
    beginning = line[:DETAIL].decode(errors="replace")
    said = types.ErrorData(code=types.PARSE_ERROR, message=beginning)
    return types.JSONRPCError(jsonrpc="2.0", id=int(found[1]), error=said)


class _Stdin:
    """The way to the server, as a stream of the SDK. Nothing here waits for it to read."""

    def __init__(self, child: Child) -> None:
        self._child = child

    async def send(self, item: SessionMessage, /) -> None:
        """Write one message."""
        if self._child.exited.done():
            raise anyio.BrokenResourceError
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        self._child.send(text.encode() + b"\n")

    async def aclose(self) -> None:
        """The end of the input is the transport's to write."""

    async def __aenter__(self) -> "_Stdin":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """There is nothing to do."""
