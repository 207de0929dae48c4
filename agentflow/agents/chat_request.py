"""A request to a chat model, as its client is given it."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from agentflow.agents.protocol import Ear, Reach, ToolOffer, unwatched
from agentflow.spec.model import Model


class ChatRequest(Struct, frozen=True):
    """One request. It may take `timeout` seconds, and `reached` is told how far it has come.

    With an `ear` the answer is asked for as a stream.
    """

    model: Model
    messages: Sequence[Mapping[str, Any]]
    response_format: Mapping[str, Any] | None
    timeout: float
    ear: Ear | None = None
    tools: Sequence[ToolOffer] = ()
    reached: Reach = unwatched
