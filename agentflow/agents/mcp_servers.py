"""The calls of `mcp` agents: the servers of one pipeline, each started when it is first needed.

A server has one session, which all calls share, however many are in progress. If the session has
ended, the next call starts the server again; a call that was in progress at the time has failed,
since nobody knows what the server did. Before a call, its tool is compared with what the spec knows
of it.
"""

import asyncio
from collections.abc import Mapping, Sequence

from agentflow.agents.excerpts import detail
from agentflow.agents.mcp import Options
from agentflow.agents.mcp_http import Remote
from agentflow.agents.mcp_results import reply_of
from agentflow.agents.mcp_session import Gone, Session, Transport
from agentflow.agents.mcp_stdio import Program
from agentflow.agents.processes import Processes
from agentflow.agents.protocol import AttemptError, Call, Host, Reply
from agentflow.agents.secrets import Redactor, redactor
from agentflow.errors import ToolChanged
from agentflow.plan.definitions import Definition
from agentflow.plan.servers import Found, ServerPlan, Tools, difference, with_known
from agentflow.spec.model import FailureClass, Json, seconds

#: What to do about a tool that is not what it was.
_ADVICE = "'agentflow tools SPEC' shows what it is now; if that is well, pin it anew"
_GO_ON = "'--accept-tools' goes on with what there is now; the contracts stay those of the run"
_GONE = "the run can go on when the server has it again"


def _as_it_is(value: Json) -> Json:
    return value


def list_tools(host: Host, names: Sequence[str]) -> dict[str, dict[str, Definition]]:
    """The definitions of all tools of some servers, which are started for that and ended.

    Raises `AttemptError`.
    """

    async def ask() -> dict[str, dict[str, Definition]]:
        servers = Servers(host)
        try:
            return {name: dict(await servers.tools(name)) for name in names}
        finally:
            await servers.close()

    return asyncio.run(ask())


class Servers:
    """The servers of a run; they are started when they are needed."""

    def __init__(self, host: Host) -> None:
        self._folder = host.folder
        self._known: dict[str, ServerPlan] = dict(host.servers)
        self._processes = Processes()
        self._sessions: dict[str, Session] = {}
        self._closed = False

    async def call(self, options: Options, call: Call) -> Reply:
        """Call the tool once. Raises `AttemptError`."""
        name, tool = options.server, options.tool
        for again in (True, False):
            session = await self._session(name)
            await self._check(name, tool, session)
            call.reached("sent")
            try:
                result = await session.call(tool, call)
                return reply_of(f"tool '{tool}' of server '{name}'", result, call)
            except Gone as gone:
                # It has forgotten the session, and so it has not done anything.
                if not again:
                    message = f"server '{name}' does not know the session that it began"
                    raise AttemptError(FailureClass.NOT_SENT, message) from gone
            except AttemptError as error:
                if error.detail != session.words:
                    error.detail = detail(error.detail, session.words)
                raise
        raise AssertionError("the second round returns or raises")

    async def tools(self, name: str) -> Mapping[str, Definition]:
        """The definitions of all tools of a server, which is started for that.

        Raises `AttemptError`.
        """
        return (await self._session(name)).tools

    async def examine(
        self, tools: Mapping[str, Sequence[str]], before: Tools, accept: bool | None
    ) -> Found:
        """Start servers, and look at their tools before one is called; see `Examined`.

        A server that cannot be started or reached now is left to the calls of its tools.
        """
        for name, known in before.items():
            self._known[name] = with_known(self._known[name], known)
        sessions = await asyncio.gather(
            *(self._session(name) for name in tools), return_exceptions=True
        )
        found: dict[str, dict[str, Definition]] = {}
        accepted: dict[str, dict[str, str]] = {}
        for (name, wanted), session in zip(tools.items(), sessions, strict=True):
            if isinstance(session, AttemptError):
                continue
            if isinstance(session, BaseException):
                raise session
            for tool in wanted:
                problem = difference(name, tool, self._known[name], session.tools.get(tool))
                if problem is None:
                    continue
                if accept is None:
                    raise ToolChanged(problem, help=_ADVICE)
                if not accept or tool not in session.tools:
                    raise ToolChanged(problem, help=_GO_ON if tool in session.tools else _GONE)
                accepted.setdefault(name, {})[tool] = self._known[name].pins[tool]
            found[name] = {tool: session.tools[tool] for tool in wanted}
            self._known[name] = with_known(self._known[name], found[name])
        return Found(found, accepted)

    async def close(self) -> None:
        """End all servers that were started."""
        self._closed = True
        for session in self._sessions.values():
            await session.close()
        await self._processes.close()

    async def _session(self, name: str) -> Session:
        """The session with a server; it is begun if there is none."""
        if self._closed:
            raise AttemptError(FailureClass.NOT_SENT, "the run has ended")
        session = self._sessions.get(name)
        if session is None or session.over:
            if session is not None:
                await session.close()
            session = self._sessions.get(name)
            if session is None or session.over:
                server = self._known[name].options

                def connect() -> Transport:
                    if server.command is not None:
                        return Program(server, name, self._folder, self._processes)
                    return Remote(server, name)

                redact = redactor([(name, server)])
                clean = redact.value if isinstance(redact, Redactor) else _as_it_is
                session = Session(name, connect, seconds(server.start_timeout), clean)
                self._sessions[name] = session
        await session.begin()
        return session

    async def _check(self, name: str, tool: str, session: Session) -> None:
        """Is the tool what the spec says that it is? Raises `AttemptError` rejected if not."""
        now = (await session.current_tools()).get(tool)
        problem = difference(name, tool, self._known[name], now)
        if problem is not None:
            raise AttemptError(FailureClass.REJECTED, problem)
