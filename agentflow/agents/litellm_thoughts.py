"""What a model thought before it asked for tools, as far as its provider wants to see it again.

Anthropic, and Claude elsewhere, sign their blocks of thought and refuse the results of tools without
them; LiteLLM has them as `thinking_blocks` of its message. DeepSeek, Moonshot and Z.ai want the text
again, as `reasoning_content`. Gemini's signatures are in LiteLLM's ids of calls. Of all others
thoughts are not sent back: some refuse them.

Source: https://docs.litellm.ai/docs/reasoning_content
"""

from typing import Any

from agentflow.spec.model import Json

#: Providers that want the text of thoughts again.
_ALOUD = frozenset({"deepseek", "moonshot", "zai"})


def thinks(message: Any) -> bool:
    """Is there a thought in a message, or in a piece of one?"""
    return bool(getattr(message, "reasoning_content", None) or _blocks(message))


class Thoughts:
    """The thoughts of an answer, which comes as a whole or in pieces."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._blocks: list[dict[str, Json]] = []
        self._is_open = False

    def add(self, message: Any) -> int:
        """Take in a message or a piece of one; gives how many characters of thoughts are in it.

        A block comes in pieces of its text, and its signature ends it.
        """
        text = getattr(message, "reasoning_content", None) or ""
        self._texts.append(text)
        size = len(text)
        for piece in map(dict, _blocks(message)):
            size += sum(len(str(value)) for value in piece.values())
            if piece.get("type") != "thinking":
                self._blocks.append(piece)
                self._is_open = False
                continue
            if not self._is_open:
                self._blocks.append({"type": "thinking", "thinking": ""})
            block = self._blocks[-1]
            block["thinking"] += piece.get("thinking") or ""
            signature = piece.get("signature")
            if signature:
                block["signature"] = signature
            self._is_open = not signature
        return size

    def for_again(self, model: str) -> dict[str, Json] | None:
        """What the model is to be shown again, as a `Turn` has it; None if there is nothing."""
        if self._blocks:
            return {"model": model, "thinking_blocks": self._blocks}
        text = "".join(self._texts)
        if text and model.partition("/")[0] in _ALOUD:
            return {"model": model, "reasoning_content": text}
        return None


def _blocks(message: Any) -> Any:
    return getattr(message, "thinking_blocks", None) or ()
