"""The reasoning of a model before it asked for tools, as far as its provider wants it sent back.

| | as LiteLLM has it |
|---|---|
| Claude, at Anthropic or elsewhere, signs blocks that tool results must keep | `thinking_blocks` |
| OpenRouter and MiniMax want theirs as they were, whoever signed them | `reasoning_details` |
| OpenAI's Responses API wants an item before the calls that came of it | `reasoning_items` |
| DeepSeek, Moonshot and Z.ai want the text | `reasoning_content` |

Gemini's signatures are in LiteLLM's ids of calls. The reasoning of all others is not sent back:
some refuse it.

Servers that do not separate the reasoning leave it at the beginning of the text, in `<think>` or
the like. LiteLLM removes the first such block from an answer that comes as a whole, and none from a
stream.

Sources: https://docs.litellm.ai/docs/reasoning_content,
https://openrouter.ai/docs/guides/best-practices/reasoning-tokens#preserving-reasoning,
`litellm/completion_extras/litellm_responses_transformation/transformation.py`,
`parse_content_for_reasoning` in `litellm/litellm_core_utils/prompt_templates/common_utils.py`
"""

import re
from collections.abc import Mapping
from typing import Any

from agentflow.spec.model import Json

#: Providers that want the text of thoughts again.
_ALOUD = frozenset({"deepseek", "moonshot", "zai"})
#: What of a piece of OpenRouter's details goes on in the next piece.
_TEXTS = ("text", "summary", "data")
#: A thought at the head of a text, in the words that LiteLLM knows; like there, the two need not be
#: the same.
_INLINE = re.compile(
    r"\s*<(?:think|thinking|budget:thinking)>(.*?)</(?:think|thinking|budget:thinking)>", re.DOTALL
)


def thinks(message: Any) -> bool:
    """Is there a thought in a message, or in a piece of one?"""
    return bool(getattr(message, "reasoning_content", None) or _blocks(message) or _items(message))


class Thoughts:
    """The thoughts of an answer, which comes as a whole or in pieces."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._blocks: list[dict[str, Json]] = []
        self._details: list[dict[str, Json]] = []
        self._items: list[dict[str, Json]] = []
        self._is_open = False

    def add(self, message: Any) -> int:
        """Take in a message or a piece of one; gives how many characters of thoughts are in it."""
        text = getattr(message, "reasoning_content", None) or ""
        self._texts.append(text)
        items = [dict(item) for item in _items(message)]
        self._items += items
        blocks = [dict(piece) for piece in _blocks(message)]
        for piece in blocks:
            self._add_block(piece)
        return len(text) + sum(map(_size, (*items, *blocks)))

    def take_from(self, text: str) -> str:
        """Take in the thoughts at the head of a text; gives what it says after them."""
        end = 0
        while (found := _INLINE.match(text, end)) is not None:
            self._texts.append(found[1])
            end = found.end()
        return text[end:]

    def add_details(self, message: Any) -> None:
        """Take in the details of a message, or of a piece that later ones may continue."""
        for piece in map(dict, _details(message)):
            self._add_detail(piece)

    def _add_block(self, piece: dict[str, Json]) -> None:
        """A block comes in pieces of its text, and its signature ends it."""
        if piece.get("type") != "thinking":
            # LiteLLM 1.110 adds where it stood in the stream, which is no part of it.
            self._blocks.append({key: value for key, value in piece.items() if key != "index"})
            self._is_open = False
            return
        if not self._is_open:
            self._blocks.append({"type": "thinking", "thinking": ""})
        block = self._blocks[-1]
        block["thinking"] += piece.get("thinking") or ""
        signature = piece.get("signature")
        if signature:
            block["signature"] = signature
        self._is_open = not signature

    def _add_detail(self, piece: dict[str, Json]) -> None:
        """The pieces of a detail have its type and its index."""
        last = self._details[-1] if self._details else {}
        index = piece.get("index")
        if index is None or (last.get("index"), last.get("type")) != (index, piece.get("type")):
            self._details.append(piece)
            return
        for key, value in piece.items():
            if key in _TEXTS and isinstance(value, str):
                last[key] = (last.get(key) or "") + value
            elif value is not None:
                last[key] = value

    def for_again(self, model: str) -> dict[str, Json] | None:
        """What the model is to be shown again, as a `Turn` has it; None if there is nothing."""
        if self._items:
            return {"model": model, "reasoning_items": self._items}
        if self._details:
            return {"model": model, "reasoning_details": self._details}
        if self._blocks:
            return {"model": model, "thinking_blocks": self._blocks}
        text = "".join(self._texts)
        if text and model.partition("/")[0] in _ALOUD:
            return {"model": model, "reasoning_content": text}
        return None


def _blocks(message: Any) -> Any:
    return getattr(message, "thinking_blocks", None) or ()


def _details(message: Any) -> Any:
    """In a whole message, LiteLLM has them among the fields that only some providers have."""
    whole = getattr(message, "provider_specific_fields", None) or {}
    return whole.get("reasoning_details") or getattr(message, "reasoning_details", None) or ()


def _items(message: Any) -> Any:
    return getattr(message, "reasoning_items", None) or ()


def _size(piece: Mapping[str, Json]) -> int:
    return sum(len(str(value)) for value in piece.values())
