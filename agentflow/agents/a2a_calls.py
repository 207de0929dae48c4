"""The connection of the kind `a2a`: the calls of a run wait here until the SDK is there."""

from typing import TYPE_CHECKING

from agentflow.agents.a2a import Options
from agentflow.agents.importing import Imported
from agentflow.agents.protocol import Call, Reply

if TYPE_CHECKING:
    from agentflow.agents.a2a_remote import Remotes


class Calls:
    """The calls of remote agents in one run."""

    def __init__(self) -> None:
        self._remotes = Imported("a2a-sdk", _import_remotes)

    async def ready(self) -> None:
        """Wait for the import of the SDK, whatever comes of it."""
        await self._remotes.ready()

    async def call(self, options: Options, call: Call) -> Reply:
        """Send the agent one message, and wait for what comes of it. Raises `AttemptError`."""
        return await (await self._remotes.get()).call(options, call)

    async def close(self) -> None:
        """End what is still under way."""
        remotes = await self._remotes.loaded()
        if remotes is not None:
            await remotes.close()


def _import_remotes() -> "Remotes":
    from agentflow.agents.a2a_remote import Remotes

    return Remotes()
