"""What an author says about channels: the ways on which questions and notices reach people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field

from agentflow.spec.model.agents import Secret
from agentflow.spec.model.values import Duration, Name, Node


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


class WebhookChannel(Channel):
    """An address that each message is POSTed to, signed."""

    kind: Literal["webhook"] = Field(description="What the channel is.")
    url: str = Field(min_length=1, description="Where messages go, by https or http.")
    signing_secret: Secret = Field(
        description="What messages, and answers to `agentflow receive`, are signed with."
    )
    headers: dict[str, str | Secret] = Field(
        default={}, description="Headers besides those that every message has."
    )
    timeout: Duration = Field("10s", description="How long one attempt to deliver may take.")
    attempts: Annotated[int, Field(ge=1, le=10, strict=True)] = Field(
        3, description="How often a message is sent until it has arrived."
    )


class CommandChannel(Channel):
    """A program that is given each message as JSON on stdin."""

    kind: Literal["command"] = Field(description="What the channel is.")
    argv: Annotated[list[str], Field(min_length=1)] = Field(
        description="The program and its arguments, each taken literally; no shell is involved."
    )
    env: dict[str, str | Secret] = Field(
        default={}, description="Environment variables on top of those that the run has."
    )
    timeout: Duration = Field("30s", description="How long the program may take.")


#: A channel as a spec writes it.
AnyChannel: TypeAlias = Annotated[
    ConsoleChannel | InboxChannel | WebhookChannel | CommandChannel, Discriminator("kind")
]
CHANNEL_KINDS: tuple[type[Channel], ...] = (
    ConsoleChannel,
    InboxChannel,
    WebhookChannel,
    CommandChannel,
)

#: The channels that every pipeline has, by their names.
BUILT_IN_CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {"inbox": InboxChannel(kind="inbox"), "console": ConsoleChannel(kind="console")}
)

ChannelName = Annotated[
    Name, Field(description="Where it goes: inbox, console, or a name under `channels`.")
]
