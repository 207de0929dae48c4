"""What was said before, in the turns of a model that calls tools, as messages of the next request."""

from collections.abc import Callable, Iterator
from typing import Any

from agentflow.contracts.strict import NotJson, loads
from agentflow.core.talks import ToolCall, ToolResult, Turn
from agentflow.spec.model import Json

#: What a model is told of a call that was not made as it asked.
REPLACED = "before the call was made a person replaced your arguments by these"


def turn_messages(turn: Turn, model: str, data: Callable[[Json], str]) -> Iterator[dict[str, Any]]:
    """The model's own message of a turn, and one for each of its calls.

    What a tool answers is `data`, and so is what is said of its failure, which may quote it. Thoughts
    are shown to the `model` that had them, as they were: Anthropic refuses the results of tools
    without the signed blocks that came before the calls.
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
                "function": {"name": call.tool, "arguments": _arguments(call)},
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


def _arguments(call: ToolCall) -> str:
    """What the model wrote, if it is JSON: some providers read it again. It was told what it was not."""
    try:
        loads(call.arguments)
    except NotJson:
        return "{}"
    return call.arguments
