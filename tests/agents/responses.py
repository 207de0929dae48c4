"""Answers in the protocol of OpenAI's Responses API, for the server of the chat protocol to
send."""

import json
from typing import Any

from .openai_server import Answer

Json = dict[str, Any]

#: A model that has no other API.
CODEX = "openai/gpt-5-codex"
THOUGHT: Json = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VhbGVk"}
LOOKING: Json = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "look",
    "arguments": '{"q": "a"}',
    "status": "completed",
}


def said(text: str) -> Json:
    """The item of a text."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def response(*output: Json, status: str = "completed", **changes: Any) -> Json:
    """A body that says whether it is complete."""
    used: Json = {"input_tokens": 2000, "output_tokens": 20, "total_tokens": 2020}
    used["output_tokens_details"] = {"reasoning_tokens": 12}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": status,
        "model": "gpt-5-codex-2025-09-15",
        "output": list(output),
        "usage": used,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        **changes,
    }


def stream_of(body: Json, *, ends: bool = True) -> Answer:
    """The same as a stream, with its last event or without."""
    begun = {**body, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(body["output"]):
        events += _events({"output_index": index, "item_id": item["id"]}, item)
    if ends:
        events.append({"type": f"response.{body['status']}", "response": body})
    lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return Answer(body="".join(lines), headers={"Content-Type": "text/event-stream"})


def _events(at: Json, item: Json) -> list[Json]:
    begun: Json = item
    inside: list[Json] = []
    if item["type"] == "message":
        begun = {**item, "content": [], "status": "in_progress"}
        text = {**at, "content_index": 0}
        words = item["content"][0]["text"]
        inside = [
            {**text, "type": "response.output_text.delta", "delta": words[:1]},
            {**text, "type": "response.output_text.delta", "delta": words[1:]},
            {**text, "type": "response.output_text.done", "text": words},
        ]
    elif item["type"] == "function_call":
        begun = {**item, "arguments": "", "status": "in_progress"}
        kind, given = "response.function_call_arguments", item["arguments"]
        inside = [
            {**at, "type": f"{kind}.delta", "delta": given},
            {**at, "type": f"{kind}.done", "arguments": given},
        ]
    added = {**at, "type": "response.output_item.added", "item": begun}
    return [added, *inside, {**at, "type": "response.output_item.done", "item": item}]
