"""The channels: the ways on which messages reach people. `protocol` is the seam to the engine.

A channel is one module and one line here. Importing this package is cheap, because the linter
does it; a module imports what is heavy when it delivers.
"""

from agentflow.channels import inbox
from agentflow.channels.protocol import Channel

#: The channels that every pipeline has, by the name that specs use.
CHANNELS: dict[str, Channel] = {"inbox": inbox}
