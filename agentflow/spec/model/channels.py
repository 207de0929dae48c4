"""What an author says about channels: the ways on which questions and notices reach people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field

from agentflow.spec.model.values import Name, Node


class Channel(Node):
    """What every kind of channel has in common."""

    kind: str
    description: str | None = None


class ConsoleChannel(Channel):
    """The terminal of the process that works on the run."""

    kind: Literal["console"] = Field(description="What the channel is.")


class InboxChannel(Channel):
    """Files in the folder of the run."""

    kind: Literal["inbox"] = Field(description="What the channel is.")


#: A channel as a spec writes it.
AnyChannel: TypeAlias = Annotated[ConsoleChannel | InboxChannel, Discriminator("kind")]
CHANNEL_KINDS: tuple[type[Channel], ...] = (ConsoleChannel, InboxChannel)

#: The channels that every pipeline has, by their names.
BUILT_IN_CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {"inbox": InboxChannel(kind="inbox"), "console": ConsoleChannel(kind="console")}
)

ChannelName = Annotated[
    Name, Field(description="Where it goes: inbox, console, or a name under `channels`.")
]
