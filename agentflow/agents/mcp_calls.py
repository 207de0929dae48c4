"""The connection of the kind `mcp`: the calls of a run wait here until the SDK is imported."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agentflow.agents.importing import Delayed
from agentflow.agents.protocol import Host
from agentflow.plan.servers import Found, Tools

if TYPE_CHECKING:
    from agentflow.agents.mcp_servers import Servers


class Calls(Delayed["Servers"]):
    """The calls of tools in one run, and what is found out about these before."""

    library = "the SDK for MCP"

    def __init__(self, host: Host) -> None:
        super().__init__("mcp", lambda: _import_servers(host))

    async def examine(
        self, tools: Mapping[str, Sequence[str]], before: Tools, accept: bool | None
    ) -> Found:
        """Start servers, and look at their tools before one is called; see `Examined`.

        Without an SDK nothing is found, and the calls of the tools fail.
        """
        servers = await self._made.loaded()
        return (
            await servers.examine(tools, before, accept) if servers is not None else Found({}, {})
        )


def _import_servers(host: Host) -> "Servers":
    from agentflow.agents.mcp_servers import Servers

    return Servers(host)
