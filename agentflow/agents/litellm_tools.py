"""Tools in the form of the OpenAI protocol, which LiteLLM translates for every provider."""

from collections.abc import Sequence
from typing import Any

from agentflow.agents.litellm_answers import word_of
from agentflow.agents.litellm_settings import litellm
from agentflow.agents.protocol import ToolOffer
from agentflow.core.talks import ToolCall


def offered(tools: Sequence[ToolOffer]) -> list[dict[str, Any]]:
    """The `tools` of a request."""
    return [{"type": "function", "function": _function(tool)} for tool in tools]


def _function(tool: ToolOffer) -> dict[str, Any]:
    parameters = tool.parameters if isinstance(tool.parameters, dict) else {}
    function: dict[str, Any] = {
        "name": tool.name,
        "parameters": {"type": "object", "properties": {}, **parameters},
    }
    if tool.description is not None:
        function["description"] = tool.description
    return function


def why_no_tools(model: str) -> str | None:
    """Why a model with tools cannot be asked, or None. Many models are not in LiteLLM's table.

    For `ollama` LiteLLM puts tools into the prompt, and from then on for some other providers as
    well.
    """
    provider, _, name = model.partition("/")
    if provider == "ollama":
        return f"{model} is told of no tools by LiteLLM: 'ollama_chat/{name}' is"
    known = litellm.model_cost.get(model) or litellm.model_cost.get(name) or {}
    if known.get("supports_function_calling") is False:
        return f"{model} calls no tools, as far as LiteLLM knows"
    return None


def asked(message: Any) -> tuple[ToolCall, ...]:
    """The calls in an answer; nothing if the model asks for none."""
    return tuple(
        ToolCall(*(word_of(part) or "" for part in (call.id, *_made(call))))
        for call in message.tool_calls or ()
    )


def _made(call: Any) -> tuple[Any, Any]:
    """The name and the arguments of a call, or what there is of them in a piece of one.

    One that is no call of a function, although only functions are offered, is as good as any.
    """
    function = getattr(call, "function", None)
    if function is not None:
        return function.name, function.arguments
    return call.custom.name, call.custom.input


class PartsOfCalls:
    """The calls of an answer that comes as a stream: each in pieces, told apart by its index.

    Ollama and others give all calls of an answer the same index: an id that is new, with a name,
    begins another call.
    """

    def __init__(self) -> None:
        self._calls: list[list[list[str]]] = []
        self._open: dict[int, list[list[str]]] = {}

    def add(self, chunk: Any) -> int:
        """Take in a chunk of the stream; gives how many characters of arguments are in it."""
        size = 0
        for piece in chunk.choices[0].delta.tool_calls or () if chunk.choices else ():
            name, arguments = (part or "" for part in _made(piece))
            size += len(arguments)
            parts = self._open.get(piece.index)
            if parts is None or (name and piece.id and _begins_with_another(parts[0], piece.id)):
                parts = self._open[piece.index] = [[], [], []]
                self._calls.append(parts)
            for part, text in zip(parts, (piece.id, name, arguments), strict=True):
                part.append(text or "")
        return size

    def whole(self) -> tuple[ToolCall, ...]:
        """All of them, in the order in which they began."""
        return tuple(
            # Some providers say the id and the name only once, some with every piece.
            ToolCall(_first(ids), _first(names), "".join(arguments))
            for ids, names, arguments in self._calls
        )


def _first(texts: Sequence[str]) -> str:
    return next(filter(None, texts), "")


def _begins_with_another(ids: Sequence[str], own: str) -> bool:
    return _first(ids) not in ("", own)
