"""Answers in which something odd stands in the place of a word or a number: whatever comes, a call
ends with a reply that the log can hold, or with a class of the language, and says nothing on the
terminal.
"""

import json
import socket
from collections.abc import Iterator
from itertools import product
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Reply, ToolOffer
from agentflow.core.events import Usage
from agentflow.core.talks import ToolCall
from agentflow.spec.model import Model

from .calls import HOST, call, connected, failure, options
from .openai_server import Answer, Json, OpenAIServer, completion, tool_calls, usage
from .responses import CODEX, response, said

OPENAI = "openai/gpt-4o-mini"
LOOK = ToolOffer("look", None, {"type": "object", "properties": {"q": {"type": "string"}}})
CALL = ("choices", 0, "message", "tool_calls", 0)
#: The bodies that are bent, and the places in them where something odd stands.
WHOLE: tuple[tuple[str, Json, tuple[tuple[str | int, ...], ...]], ...] = (
    (
        OPENAI,
        completion("{}"),
        (
            ("model",),
            ("choices", 0, "finish_reason"),
            ("usage", "prompt_tokens"),
            ("usage", "completion_tokens"),
        ),
    ),
    (
        OPENAI,
        tool_calls(("look", {"q": "a"})),
        ((*CALL, "id"), (*CALL, "function", "name"), (*CALL, "function", "arguments")),
    ),
    (CODEX, response(said("{}")), (("status",), ("model",), ("usage", "input_tokens"))),
)
CHUNKS: list[Json] = [
    {"choices": [{"index": 0, "delta": {"content": "{}"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": usage(2011, 7)},
]
STREAMED = ((1, "choices", 0, "finish_reason"), (2, "usage", "prompt_tokens"), (0, "model"))
ODD: tuple[Any, ...] = (-7, 10**30, ["ünï"], {"a": 1})


def bent(value: Any, path: tuple[str | int, ...], odd: Any) -> Any:
    """A value with something odd at a place in it."""
    if not path:
        return odd
    changed = value.copy()
    changed[path[0]] = bent(value[path[0]], path[1:], odd)
    return changed


def cases() -> Iterator[tuple[str, bool, Answer]]:
    """A model, whether its answer is to come as a stream, and what comes."""
    for model, body, places in WHOLE:
        for path, odd in product(places, ODD):
            yield model, False, Answer(body=bent(body, path, odd))
    base: Json = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    events = {"Content-Type": "text/event-stream"}
    for path, odd in product(STREAMED, ODD):
        chunks = bent([base | chunk for chunk in CHUNKS], path, odd)
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        yield OPENAI, True, Answer(body="".join([*lines, "data: [DONE]\n\n"]), headers=events)


def check(reply: Reply) -> None:
    """See to it that a reply holds what it says it does."""
    assert isinstance(reply.text, str | None)
    assert isinstance(reply.answered, str | None)
    for part in filter(None, (reply.usage, *reply.calls)):
        kind = Usage if isinstance(part, Usage) else ToolCall
        assert msgspec.convert(msgspec.to_builtins(part), kind) == part
    if reply.usage is not None:
        assert 0 <= reply.usage.tokens_in < 2**53
        assert 0 <= reply.usage.tokens_out < 2**53


# LiteLLM puts what came into objects that it does not fit; `litellm_settings` has Python pass over
# it.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_whatever_comes(server: OpenAIServer, capfd: pytest.CaptureFixture[str]) -> None:
    models = {
        f"{model} {streamed}": Model(model=model, stream=streamed)
        for model, streamed in product((OPENAI, CODEX), (False, True))
    }
    made = replace(call(), tools=(LOOK,))
    replies: list[Reply] = []
    messages: list[tuple[str, str]] = []

    async def use(connection: Connection) -> None:
        for model, streamed, server.answer in cases():
            try:
                asked = options("llm", model=f"{model} {streamed}")
                replies.append(await connection.call(asked, made))
            except AttemptError as error:
                messages.append((model, error.message))

    connected("llm", use, replace(HOST, models=models))
    for reply in replies:
        check(reply)
    assert [(model, said) for model, said in messages if not said.startswith(model)] == []
    assert len(replies) > len(ODD)
    assert capfd.readouterr() == ("", "")


def test_no_tokenizer_is_fetched(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a stream that is none LiteLLM would ask Hugging Face, six times, while everything
    waits."""
    hosts: set[str] = set()
    look_up = socket.getaddrinfo

    def looked_up(host: Any, *more: Any, **how: Any) -> Any:
        hosts.add(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *more, **how)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setenv("GROQ_API_KEY", "sk-of-the-operator")
    monkeypatch.setenv("GROQ_API_BASE", server.url)
    server.answer = Answer(body=completion("{}", service_tier="on_demand"))
    host = replace(HOST, models={"m": Model(model="groq/llama-3.3-70b-versatile", stream=True)})
    made = call({"type": "object", "properties": {}})
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    assert reply.text == "{}"
    assert hosts <= {"127.0.0.1"}


def test_an_answer_of_langgraph_does_not_say_that_it_is_complete(server: OpenAIServer) -> None:
    said = [{"type": "human", "content": "x"}, {"type": "ai", "content": "{}"}]
    server.answer = Answer(body={"messages": said})
    model = Model(model="langgraph/agent", api_base=server.url)
    assert failure("llm", {"model": "ours"}, replace(HOST, models={"ours": model})) == (
        "truncated",
        "langgraph/agent answered without saying that the answer is complete",
    )
