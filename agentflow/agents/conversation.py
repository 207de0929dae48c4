"""The earlier turns of a model that calls tools, as messages of its next request."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from agentflow.contracts.strict import NotJson, loads
from agentflow.core.talks import ToolCall, ToolResult, Turn
from agentflow.spec.model import Json

#: What not every provider takes in the name of a tool, the most characters of one, and what stands
#: for none at all.
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST, _NAMELESS = 64, "nameless"
#: What a model is told of a call that was not made as it asked.
REPLACED = "before the call was made a person replaced your arguments by these"


def turn_messages(
    turn: Turn, model: str, offered: Collection[str], data: Callable[[Json], str]
) -> Iterator[dict[str, Any]]:
    """The model's own message of a turn, and one for each of its calls; `offered` are its tools.

    What a tool answers is `data`, and so is what is said of its failure, which may quote it.
    Thoughts are shown to the `model` that had them, as they were: Anthropic refuses the results of
    tools without the signed blocks that came before the calls.
    """
    thoughts = dict(turn.thoughts or {})
    if thoughts.pop("model", None) != model:
        thoughts = {}
    yield {
        "role": "assistant",
        "content": turn.said,
        "tool_calls": [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": _name(call, offered), "arguments": _arguments(call)},
            }
            for call in turn.calls
        ],
        **thoughts,
    }
    for call, result in zip(turn.calls, turn.results, strict=True):
        yield {"role": "tool", "tool_call_id": call.id, "content": data(told(result))}


def told(result: ToolResult) -> Json:
    """What a model is told of a call that it has made.

    It would believe that its own arguments had their effect, if it were not told of others.
    """
    if result.instead is None:
        return result.output if result.error is None else {"error": result.error}
    came = {"result": result.output} if result.error is None else {"error": result.error}
    return {"note": REPLACED, "arguments": result.instead, **came}


def _name(call: ToolCall, offered: Collection[str]) -> str:
    """The name that the model wrote; of a tool that there is not, as far as providers take it.

    They refuse the whole talk for one that they do not. The model was told what is wrong with it.
    """
    if call.tool in offered:
        return call.tool
    return _FOREIGN.sub("_", call.tool)[:_LONGEST] or _NAMELESS


def _arguments(call: ToolCall) -> str:
    """What the model wrote, if it is an object, as some providers require; else nothing of it."""
    try:
        arguments = loads(call.arguments)
    except NotJson:
        return "{}"
    return call.arguments if isinstance(arguments, dict) else "{}"
