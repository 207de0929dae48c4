"""What is kept of answers that are too long, whoever gave them: the beginning, the size, the
digest."""

import json
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Host, Reply
from agentflow.core.events import Excess
from agentflow.spec.model import Server

from .calls import HOST, attempt
from .openai_server import Answer, OpenAIServer, completion, tool_calls
from .web_server import Answer as Page
from .web_server import WebServer

MODEL = "openai/gpt-4o-mini"
STREAMED = replace(HOST, watcher=lambda _step: lambda _piece: None)
HEAD = 16 * 1024


def kept(kind: str, keys: dict[str, Any], host: Host = HOST, **given: Any) -> tuple[str, Excess]:
    """The beginning of an answer that is too long, and what is known of the whole of it."""
    with pytest.raises(AttemptError) as caught:
        attempt(kind, keys, host, **given)
    reply = caught.value.reply
    assert isinstance(reply, Reply)
    assert reply.text is not None
    assert reply.excess is not None
    return reply.text, reply.excess


def whole(said: bytes) -> Excess:
    return Excess(len(said), sha256(said).hexdigest(), whole=True)


def test_of_a_function() -> None:
    said = json.dumps("x" * 10_000_000).encode()
    assert kept("python", {"call": "desk.authored:answers"}, what="large") == (
        said[:HEAD].decode(),
        whole(said),
    )


def test_of_a_model(server: OpenAIServer) -> None:
    said = "é" * 8_000_001
    server.answer = Answer(body=completion(said))
    assert kept("llm", {"model": MODEL}) == ("é" * (HEAD // 2), whole(said.encode()))


def test_of_the_tools_that_a_model_asks_for(server: OpenAIServer) -> None:
    said = "x" * 8_000_001
    server.answer = Answer(body=tool_calls(("look", said)))
    assert kept("llm", {"model": MODEL}) == ("x" * HEAD, whole(said.encode()))


def test_of_a_model_that_is_heard_as_it_speaks(server: OpenAIServer) -> None:
    said = "x" * 8_000_001
    server.answer = Answer(body=completion(said))
    text, excess = kept("llm", {"model": MODEL}, STREAMED)
    assert (text, excess) == ("x" * HEAD, replace(whole(said.encode()), whole=False))


def test_of_a_server_of_tools(tool_server: Server) -> None:
    text, excess = kept("mcp", {"server": "tools", "tool": "big"}, size=9_000_000)
    assert (text[:8], len(text), excess.whole) == ('{"jsonrp', HEAD, False)
    assert 8_000_000 < excess.bytes < 10_000_000


def test_of_a_remote_agent(web: WebServer) -> None:
    web.answer = Page(body=b" " * 8_000_001)
    text, excess = kept("a2a", {"url": web.url})
    assert (text, excess.whole) == (" " * HEAD, False)
