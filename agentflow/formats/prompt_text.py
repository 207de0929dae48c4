"""What a chat model saw in an attempt, message by message."""

from collections.abc import Iterator, Mapping, Sequence

from agentflow.formats.safe import safe
from agentflow.formats.values import pretty
from agentflow.formats.words import count
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
    if isinstance(content, list):
        texts = [part["text"] if "text" in part else f"[{image(part)}]" for part in content]
        return "\n".join([*texts, *([pretty(others)] if others else [])])
    texts = [pretty(content)] if content is not None else []
    return "\n".join([*texts, *([pretty(others)] if others else [])])


def image(part: Mapping[str, Json]) -> str:
    """`image photos/bear.png, image/png, 1,204 bytes, sha256 0123456789ab…`, or its address."""
    if "url" in part:
        return f"image {part['url']}"
    size, digest = count(part["bytes"], "byte"), part["sha256"][:12]
    return f"image {part['name']}, {part['media_type']}, {size}, sha256 {digest}…"


def images_in(messages: Sequence[Mapping[str, Json]]) -> Iterator[Mapping[str, Json]]:
    """What stands for images in messages, in order."""
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] == "image":
                yield part
