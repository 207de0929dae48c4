"""The channels: the ways on which messages reach people. `protocol` is the seam to the engine.

A kind of channel is one module and one line here. Importing this package is cheap; a module
imports what is heavy when it delivers.
"""

from agentflow.channels import command, console, inbox, webhook
from agentflow.channels.protocol import ChannelKind

#: Every kind by the name that specs use; its keys are in `agentflow.spec.model.channels`.
CHANNELS: dict[str, ChannelKind] = {
    "console": console,
    "inbox": inbox,
    "webhook": webhook,
    "command": command,
}
