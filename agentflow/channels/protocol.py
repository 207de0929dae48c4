"""The seam between an engine and the channels: what is brought to a person, and from where.

A kind of channel is a module of this package, listed in `agentflow.channels.CHANNELS`, with

    deliver(options, message, host)     brings a message there, and says where that is

A message may be delivered more than once: a process may die after it was delivered and before
that is in the log. It has the same id then, by which whoever receives it can tell.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from agentflow.spec.model import Json


class Message(Struct, frozen=True):
    """What goes to a person. `id` is what it is known by, `document` all of it as plain data.

    `answers` are what may be answered: nothing to a notice.
    """

    id: str
    step: str
    document: Mapping[str, Json]
    answers: tuple[str, ...]


class Response(Struct, frozen=True):
    """What somebody says to a question. `value` belongs to `replace`; `via` is the way it came."""

    answer: str
    value: Json = None
    by: str | None = None
    why: str | None = None
    via: str = ""


#: Takes what is said to one question; gives the ticket by which that is known from then on.
Answering = Callable[[Response], str]


class Post(Protocol):
    """Puts a message into the folder of the run, and says where that is. Raises `StoreError`."""

    def __call__(self, message: str, data: bytes, *, answerable: bool) -> Path:
        """Put it there; the same message again replaces it."""


class Terminal(Protocol):
    """The terminal of this process, and somebody before it. Nothing here waits for them."""

    @property
    def name(self) -> str:
        """What the terminal is called."""

    @property
    def busy(self) -> bool:
        """Is a question put here that is open, and that nobody has left for later?"""

    def ask(self, message: Message, answering: Answering) -> None:
        """Put a question when those before it are answered."""

    def tell(self, message: Message) -> None:
        """Show a notice."""

    def withdraw(self, question: str, how: str) -> None:
        """A question is open no longer; it need not have been put here."""

    def refuse(self, ticket: str, why: str) -> None:
        """What was said under this ticket does not count, and the question is still open."""

    def close(self) -> None:
        """Put no more questions."""


class Host(Struct, frozen=True):
    """What deliveries of one run share.

    `answering` gives the way back for what is said to a message as it is delivered. `folder` is
    that of the pipeline that asks; programs start there. `terminal` is None where nobody sits
    before one.
    """

    post: Post
    answering: Callable[[Message], Answering]
    folder: Path
    terminal: Terminal | None = None


class DeliveryError(Exception):
    """A message could not be delivered; the text is one line for a person."""


class ChannelKind(Protocol):
    """A module of `agentflow.channels`."""

    async def deliver(self, options: Any, message: Message, host: Host) -> str:
        """Bring a message to where it belongs, and say where that is.

        Raises:
            DeliveryError: that is not possible.
        """
