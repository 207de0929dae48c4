"""Answers in Anthropic's protocol, for the server of the OpenAI protocol to send."""

import json
from typing import Any

from .openai_server import Answer

CLAUDE = "anthropic/claude-haiku-4-5"
SIGNED = {"type": "thinking", "thinking": "Better look it up.", "signature": "c2lnbmVk"}


def message_of_claude(*content: dict[str, Any], reason: str = "tool_use") -> dict[str, Any]:
    """A body that says why it ends: without another reason because it asks for tools."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": list(content),
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 7},
    }


def stream_of_claude(*content: dict[str, Any]) -> Answer:
    """The same as a stream, each block in small pieces."""
    start = message_of_claude() | {"stop_reason": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(content):
        empty, deltas = _pieces(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}})
    events.append({"type": "message_stop"})
    lines = [
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
        for event in events
    ]
    return Answer(body="".join(lines), headers={"Content-Type": "text/event-stream"})


def _pieces(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "thinking":
            words = [f"{word} " for word in block["thinking"].split(" ")]
            words[-1] = words[-1].rstrip()
            deltas = [{"type": "thinking_delta", "thinking": word} for word in words]
            signature = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signature]
        case "tool_use":
            text = json.dumps(block["input"])
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": text}]
        case _:
            return block, []
