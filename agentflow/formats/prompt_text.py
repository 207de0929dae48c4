"""What a chat model saw in an attempt, message by message."""

from collections.abc import Mapping, Sequence

from agentflow.formats.safe import safe
from agentflow.formats.values import pretty
from agentflow.spec.model import Json


def render(messages: Sequence[Mapping[str, Json]]) -> str:
    """The messages as they were sent, each under its role.

    Characters that a terminal or a CI system would obey are spelled out; `prompt_json` has them.
    """
    return "\n\n".join(
        f"[{safe(str(message['role']), oneline=True)}]\n{safe(_content(message))}"
        for message in messages
    )


def _content(message: Mapping[str, Json]) -> str:
    """The text of a message, and whatever else it has."""
    others = {key: value for key, value in message.items() if key not in ("role", "content")}
    content = message.get("content")
    texts = [pretty(content)] if content is not None else []
    return "\n".join([*texts, *([pretty(others)] if others else [])])
