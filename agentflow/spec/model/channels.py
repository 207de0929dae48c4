"""What an author says about channels: the ways on which questions and notices reach people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from agentflow.spec.model.agents import Secret
from agentflow.spec.model.values import ByKind, Duration, Name, Node


class Channel(Node, frozen=True, kw_only=True):
    """What every kind of channel has in common."""

    kind: str
    description: str | None = None


class ConsoleChannel(Channel, frozen=True, kw_only=True):
    """The terminal of the process that works on the run."""

    kind: Literal["console"]
    """What the channel is."""


class InboxChannel(Channel, frozen=True, kw_only=True):
    """Files in the folder of the run."""

    kind: Literal["inbox"]
    """What the channel is."""


class WebhookChannel(Channel, frozen=True, kw_only=True):
    """An address that each message is POSTed to, signed."""

    kind: Literal["webhook"]
    """What the channel is."""

    url: Annotated[str, Meta(min_length=1)]
    """Where messages go, by https or http."""

    signing_secret: Secret
    """What messages, and answers to `agentflow receive`, are signed with."""

    headers: dict[str, str | Secret] = {}
    """Headers besides those that every message has."""

    timeout: Duration = "10s"
    """How long one attempt to deliver may take."""

    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    """How often a message is sent until it has arrived."""


class CommandChannel(Channel, frozen=True, kw_only=True):
    """A program that is given each message as JSON on stdin."""

    kind: Literal["command"]
    """What the channel is."""

    argv: Annotated[list[str], Meta(min_length=1)]
    """The program and its arguments, each taken literally; no shell is involved."""

    env: dict[str, str | Secret] = {}
    """Environment variables on top of those that the run has."""

    timeout: Duration = "30s"
    """How long the program may take."""


#: A channel as a spec writes it.
AnyChannel: TypeAlias = Annotated[
    ConsoleChannel | InboxChannel | WebhookChannel | CommandChannel, ByKind()
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
    Name, Meta(description="Where it goes: inbox, console, or a name under `channels`.")
]
