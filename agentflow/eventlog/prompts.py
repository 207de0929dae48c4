"""The prompts of a talk, stored without what they repeat.

Each turn of a model with tools is sent all that was said before, so whole prompts would make a log
grow with the square of the turns. A prompt is therefore taken apart into its messages. From the
first on, each sixteen of them become a blob, and of the rest those that are long: they are the same
blobs in every turn. The delimiters of data differ from attempt to attempt (`agents.prompts`); their
tag is kept apart, and something that occurs nowhere stands in its place.

    {"tag": "data-0123456789abcdef", "pieces": ["{\\"content\\": …}", {"blob": DIGEST}, …]}
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agentflow.eventlog import canonical
from agentflow.spec.model import Json

#: Prompts up to so many bytes are stored as they are, and so are messages within one.
_SMALL_PROMPT, _SMALL_PIECE = 4096, 1024
#: How many messages of a talk become one blob.
_TOGETHER = 16
_TAG = re.compile(rb"<(data-[0-9a-f]{16})>")
_STAND_IN = b"data-\\u0000"  # as canonical JSON has it


def take_apart(
    prompt: Sequence[Mapping[str, Json]], size: int, put_blob: Callable[[bytes], str]
) -> dict[str, Json] | None:
    """A prompt of `size` bytes as pieces; None if it is none of a talk, or short."""
    if len(prompt) <= 2 or size <= _SMALL_PROMPT:
        return None
    parts = [canonical.encode(message) for message in prompt]
    found = _TAG.search(parts[0])
    tag = found[1] if found is not None and not any(_STAND_IN in part for part in parts) else None
    if tag is not None:
        parts = [part.replace(tag, _STAND_IN) for part in parts]
    whole = len(parts) - len(parts) % _TOGETHER
    pieces: list[Json] = [
        {"blob": put_blob(b"[" + b",".join(parts[at : at + _TOGETHER]) + b"]")}
        for at in range(0, whole, _TOGETHER)
    ]
    for part in parts[whole:]:
        is_small = len(part) <= _SMALL_PIECE
        pieces.append(part.decode() if is_small else {"blob": put_blob(part)})
    return {"tag": tag.decode() if tag is not None else None, "pieces": pieces}


def put_together(
    taken: Mapping[str, Any], get_blob: Callable[[str], bytes]
) -> list[Mapping[str, Json]]:
    """The prompt that was taken apart."""
    tag: str | None = taken["tag"]
    prompt: list[Mapping[str, Json]] = []
    for piece in taken["pieces"]:
        part = piece.encode() if isinstance(piece, str) else get_blob(piece["blob"])
        said = canonical.decode(part if tag is None else part.replace(_STAND_IN, tag.encode()))
        prompt += said if isinstance(said, list) else [said]
    return prompt


def blobs_of(taken: Mapping[str, Any]) -> Iterator[str]:
    """The blobs that the pieces of a prompt are in."""
    return (piece["blob"] for piece in taken["pieces"] if not isinstance(piece, str))
