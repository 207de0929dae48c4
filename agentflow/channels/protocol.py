"""The seam between an engine and the channels: what is brought to a person, and from where.

A channel is a module of this package, listed in `agentflow.channels.CHANNELS`, with

    deliver(message, host)     brings a message there, and says where that is

A message may be delivered more than once: a process may die after it was delivered and before
that is in the log. It has the same id then, by which whoever receives it can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agentflow.spec.model import Json


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to a person. `id` is what it is known by, `document` all of it as plain data.

    `answers` are what may be answered: nothing to a notice.
    """

    id: str
    step: str
    document: Mapping[str, Json]
    answers: tuple[str, ...]


class Post(Protocol):
    """Puts a message into the folder of the run, and says where that is. Raises `StoreError`."""

    def __call__(self, message: str, data: bytes, *, answerable: bool) -> Path:
        """Put it there; the same message again replaces it."""


@dataclass(frozen=True, slots=True)
class Host:
    """What deliveries of one run share."""

    post: Post


class DeliveryError(Exception):
    """A message could not be delivered; the text is one line for a person."""


class Channel(Protocol):
    """A module of `agentflow.channels`."""

    async def deliver(self, message: Message, host: Host) -> str:
        """Bring a message to where it belongs, and say where that is.

        Raises:
            DeliveryError: that is not possible.
        """
