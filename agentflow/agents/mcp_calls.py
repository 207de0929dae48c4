"""The connection of the kind `mcp`: the calls of a run wait here until the SDK is there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agentflow.agents.importing import Imported
from agentflow.agents.mcp import Options
from agentflow.agents.protocol import Call, Host, Reply
from agentflow.plan.servers import Found, Tools

if TYPE_CHECKING:
    from agentflow.agents.mcp_servers import Servers


class Calls:
    """The calls of tools in one run, and what is found out about these before."""

    library = "the SDK for MCP"

    def __init__(self, host: Host) -> None:
        self._servers = Imported("mcp", lambda: _import_servers(host))

    @property
    def is_ready(self) -> bool:
        """Is the SDK there, or is it known not to come?"""
        return self._servers.is_ready

    async def ready(self) -> None:
        """Wait for the import of the SDK, whatever comes of it."""
        await self._servers.ready()

    async def call(self, options: Options, call: Call) -> Reply:
        """Call the tool once. Raises `AttemptError`."""
        return await (await self._servers.get()).call(options, call)

    async def examine(
        self, tools: Mapping[str, Sequence[str]], before: Tools, accept: bool | None
    ) -> Found:
        """Start servers, and look at their tools before one is called; see `Examined`.

        Without an SDK nothing is found, and the calls of the tools fail.
        """
        servers = await self._servers.loaded()
        return (
            await servers.examine(tools, before, accept) if servers is not None else Found({}, {})
        )

    async def close(self) -> None:
        """End all servers that were started."""
        servers = await self._servers.loaded()
        if servers is not None:
            await servers.close()


def _import_servers(host: Host) -> "Servers":
    from agentflow.agents.mcp_servers import Servers

    return Servers(host)
