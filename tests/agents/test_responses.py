"""Models of OpenAI that LiteLLM reaches by the Responses API: those that have no other, and tools
of those that think."""

from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Reply, ToolOffer
from agentflow.core.events import Usage
from agentflow.core.talks import ToolCall, ToolResult, Turn
from agentflow.spec.model import Model

from .calls import HOST, call, connected, options
from .openai_server import Answer, OpenAIServer
from .responses import CODEX, LOOKING, THOUGHT, response, said, stream_of

LOOK = ToolOffer("look", None, {"type": "object", "properties": {"q": {"type": "string"}}})
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["n"],
    "properties": {"n": {"type": "integer"}},
}
# LiteLLM puts its own form of what was used into an object of OpenAI's.
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")


def asked(stream: bool, turns: tuple[Turn, ...] = (), tools: tuple[ToolOffer, ...] = ()) -> Any:
    host = replace(HOST, models={"m": Model(model=CODEX, stream=stream)})
    made = replace(call(SCHEMA, body="x"), tools=tools, turns=turns)
    return connected("llm", lambda c: c.call(options("llm", model="m"), made), host)


def answer(stream: bool, *output: Any, **changes: Any) -> Answer:
    body = response(*output, **changes)
    return stream_of(body) if stream else Answer(body=body)


@pytest.mark.parametrize("stream", [False, True])
def test_a_whole_answer(stream: bool, server: OpenAIServer) -> None:
    server.answer = answer(stream, THOUGHT, said('{"n": 1}'))
    reply: Reply = asked(stream)
    assert reply.text == '{"n": 1}'
    assert reply.usage is not None
    assert replace(reply.usage, usd=None) == Usage(CODEX, 2000, 20, thinking=12)
    assert reply.usage.usd
    # A stream does not say who it is.
    assert reply.answered == (None if stream else "gpt-5-codex-2025-09-15")
    assert server.paths == ["/v1/responses"]
    wanted = server.requests[0]["text"]["format"]
    assert (wanted["type"], wanted["strict"], wanted["schema"]) == ("json_schema", True, SCHEMA)


@pytest.mark.parametrize("stream", [False, True])
def test_what_it_thought_before_it_asked_is_shown_again(stream: bool, server: OpenAIServer) -> None:
    server.answer = answer(stream, THOUGHT, LOOKING)
    reply: Reply = asked(stream, tools=(LOOK,))
    (asks,) = reply.calls
    assert asks == ToolCall(asks.id, "look", '{"q": "a"}')
    turn = Turn(reply.text, reply.calls, (ToolResult("found"),), thoughts=reply.thoughts)
    asked(stream, (turn,), (LOOK,))
    *_, thought, called, found = server.requests[1]["input"]
    assert (thought["type"], thought["id"]) == ("reasoning", "rs_1")
    assert thought["encrypted_content"] == "c2VhbGVk"
    assert (called["type"], called["name"]) == ("function_call", "look")
    assert (found["type"], found["call_id"]) == ("function_call_output", called["call_id"])
    assert "found" in str(found["output"])


CUT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
FAILED = {"status": "failed", "error": {"code": "server_error", "message": "oops"}}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("changes", "failed", "message"),
    [
        (CUT, "truncated", f"{CODEX} stopped at the limit of its output tokens"),
        (FAILED, "server_error", "oops"),
    ],
    ids=["cut", "failed"],
)
def test_what_is_no_answer(
    changes: dict[str, Any], failed: str, message: str, stream: bool, server: OpenAIServer
) -> None:
    server.answer = answer(stream, said('{"n": 1}'), **changes)
    with pytest.raises(AttemptError) as caught:
        asked(stream)
    assert caught.value.failure.value == failed
    assert message in caught.value.message
    assert len(server.requests) == 1


def test_a_status_that_nobody_knows(server: OpenAIServer) -> None:
    server.answer = answer(False, said('{"n": 1}'), status="queued")
    with pytest.raises(AttemptError) as caught:
        asked(False)
    assert caught.value.failure.value == "server_error"
    assert caught.value.message == f"{CODEX} stopped with 'queued'"


def test_a_stream_that_breaks_off(server: OpenAIServer) -> None:
    server.answer = stream_of(response(said('{"n": 1}')), ends=False)
    with pytest.raises(AttemptError) as caught:
        asked(True)
    assert caught.value.failure.value == "server_error"
    assert "before any terminal event" in caught.value.message
