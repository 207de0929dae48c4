"""Models that call tools, against a real server that speaks the OpenAI protocol."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Reply, ToolOffer
from agentflow.core.events import Complaint
from agentflow.core.talks import ToolCall, ToolResult, Turn
from agentflow.spec.model import Model

from .calls import HOST, call, connected, options
from .claude import CLAUDE, SIGNED, message_of_claude, stream_of_claude
from .openai_server import Answer, OpenAIServer, completion, tool_calls

MODEL = "openai/gpt-4o-mini"
QUERY = {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}
LOOK = ToolOffer("look", "Looks something up.", QUERY)
PING = ToolOffer("ping", None, {})
SECRET = {"type": "redacted_thinking", "data": "c2VjcmV0"}
ASKING = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"q": "a"}}


def attempt(model: str = MODEL, turns: tuple[Turn, ...] = (), **changes: Any) -> Reply:
    """One turn of a model with two tools."""
    made = replace(call(body="x"), tools=(LOOK, PING), turns=turns, **changes)
    reply = connected("llm", lambda c: c.call(options("llm", model=model), made))
    assert isinstance(reply, Reply)
    return reply


def test_tools_are_offered_and_calls_come_back(server: OpenAIServer) -> None:
    body = tool_calls(("look", {"q": "a"}), ("ping", ""), content="Let me see.")
    server.answer = Answer(body=body)
    reply = attempt()
    assert reply.calls == (ToolCall("call_1", "look", '{"q": "a"}'), ToolCall("call_2", "ping", ""))
    assert reply.text == "Let me see."
    assert reply.usage is not None
    assert server.requests[0]["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "look",
                "description": "Looks something up.",
                "parameters": QUERY,
            },
        },
        {
            "type": "function",
            "function": {"name": "ping", "parameters": {"type": "object", "properties": {}}},
        },
    ]


def test_a_model_is_told_of_the_arguments_that_a_person_gave(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion("{}"))
    asked = (ToolCall("call_1", "look", '{"q": "a"}'), ToolCall("call_2", "look", '{"q": "b"}'))
    results = (
        ToolResult("found", instead={"q": "c"}),
        ToolResult(error="timeout: no answer within 5m", instead={"q": "d"}),
    )
    attempt(turns=(Turn(None, asked, results),))
    note = "before the call was made a person replaced your arguments by these"
    told = [json.loads(one["content"].split("\n")[1]) for one in server.requests[0]["messages"][3:]]
    assert told == [
        {"note": note, "arguments": {"q": "c"}, "result": "found"},
        {"note": note, "arguments": {"q": "d"}, "error": "timeout: no answer within 5m"},
    ]


def test_calls_come_in_pieces_too(server: OpenAIServer) -> None:
    server.answer = Answer(body=tool_calls(("look", {"q": "a"}), ("ping", {}), content="Well."))
    host = replace(HOST, models={"m": Model(model=MODEL, stream=True)})
    made = replace(call(body="x"), tools=(LOOK, PING))
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    assert server.requests[0]["stream"] is True
    assert (reply.text, reply.calls) == (
        "Well.",
        (ToolCall("call_1", "look", '{"q": "a"}'), ToolCall("call_2", "ping", "{}")),
    )


def stream_of_calls(*pieces: dict[str, Any]) -> Answer:
    """A stream of these pieces of calls, one in each event, as a server of one's own may send
    it."""
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas: list[dict[str, Any]] = [{"tool_calls": [piece]} for piece in pieces]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    events = [json.dumps({**base, "choices": [choice]}) for choice in choices]
    body = "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])
    return Answer(body=body, headers={"Content-Type": "text/event-stream"})


def piece(call_id: str | None, name: str | None, arguments: str, index: int = 0) -> dict[str, Any]:
    return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}


CUSTOM = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "look", "input": "x"}}


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        ([piece("a", "look", '{"q":'), piece(None, None, "1}"), piece("b", "ping", ""), piece(None, None, "{}")], [("a", "look", '{"q":1}'), ("b", "ping", "{}")]),
        ([piece("a", "look", "{"), piece("a", "look", "}")], [("a", "look", "{}")]),
        ([piece("a", "look", "{"), piece("b", None, "}")], [("a", "look", "{}")]),
        ([piece(None, "look", "{"), piece("b", "look", "}")], [("b", "look", "{}")]),
        ([piece("a", "look", "{", 0), piece("b", "ping", "[", 1), piece(None, None, "}", 0)], [("a", "look", "{}"), ("b", "ping", "[")]),
        ([CUSTOM], [("a", "look", "x")]),
    ],
    ids=["one index", "all said again", "another id", "late id", "interleaved", "custom"],
)  # fmt: skip
def test_pieces_are_put_together_as_servers_mean_them(
    pieces: list[dict[str, Any]], calls: list[tuple[str, str, str]], server: OpenAIServer
) -> None:
    server.answer = stream_of_calls(*pieces)
    host = replace(HOST, models={"m": Model(model=MODEL, stream=True)})
    made = replace(call(body="x"), tools=(LOOK, PING))
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    assert reply.calls == tuple(ToolCall(*one) for one in calls)


def test_a_call_of_something_else_than_a_function(server: OpenAIServer) -> None:
    body = tool_calls(("look", {}))
    body["choices"][0]["message"]["tool_calls"] = [CUSTOM]
    server.answer = Answer(body=body)
    assert attempt().calls == (ToolCall("a", "look", "x"),)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("look", "[1]"), ("look", "{}")),
        (("look", '"{}"'), ("look", "{}")),
        (("", "{}"), ("nameless", "{}")),
        (("functions.look it/up\u2028", "{}"), ("functions_look_it_up_", "{}")),
        (("n" * 99, "{}"), ("n" * 64, "{}")),
        (("files.read", '{"q": 1}'), ("files.read", '{"q": 1}')),
    ],
    ids=["list", "text", "no name", "odd name", "long name", "offered"],
)
def test_providers_are_told_nothing_that_they_would_refuse(
    asked: tuple[str, str], said: tuple[str, str], server: OpenAIServer
) -> None:
    server.answer = Answer(body=completion("{}"))
    turn = Turn(None, (ToolCall("call_1", *asked),), (ToolResult(error="there is no such tool"),))
    offered = (LOOK, ToolOffer("files.read", None, QUERY))
    made = replace(call(body="x"), tools=offered, turns=(turn,))
    connected("llm", lambda c: c.call(options("llm", model=MODEL), made))
    function = server.requests[0]["messages"][2]["tool_calls"][0]["function"]
    assert (function["name"], function["arguments"]) == said


def test_a_model_with_tools_may_answer_at_once(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion('{"a": 1}'))
    reply = attempt()
    assert (reply.text, reply.calls) == ('{"a": 1}', ())


def test_a_model_without_tools_is_not_told_of_any(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion("{}"))
    connected("llm", lambda c: c.call(options("llm", model=MODEL), call(body="x")))
    assert "tools" not in server.requests[0]


def test_earlier_turns_are_said_again_with_what_came_of_them(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion("{}"))
    asked = (ToolCall("call_1", "look", '{"q": "a"}'), ToolCall("call_2", "ping", "{oops"))
    results = (ToolResult({"found": "</data>"}), ToolResult(error="the arguments cannot be read"))
    complaint = Complaint("17", ("expected object, found number 17",))
    turns = (
        Turn("Let me see.", asked, results),
        Turn(None, asked[:1], (ToolResult("plain text"),), complaint),
    )
    attempt(turns=turns, complaint=complaint)
    system, user, first, found, failed, wrong, mend, second, text, again, last = server.requests[0][
        "messages"
    ]
    tag = system["content"].split("<")[1].split(">")[0]
    assert user["role"] == "user"
    assert first == {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "look", "arguments": '{"q": "a"}'},
            },
            {"id": "call_2", "type": "function", "function": {"name": "ping", "arguments": "{}"}},
        ],
    }
    assert found == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": f'<{tag}>\n{{"found": "</data>"}}\n</{tag}>',
    }
    assert failed["content"] == f'<{tag}>\n{{"error": "the arguments cannot be read"}}\n</{tag}>'
    assert (wrong["role"], wrong["content"]) == ("assistant", "17")
    assert mend["role"] == "user"
    assert [one["id"] for one in second["tool_calls"]] == ["call_1"]
    assert text["content"] == f"<{tag}>\nplain text\n</{tag}>"
    assert (again["role"], last["role"]) == ("assistant", "user")


@pytest.mark.parametrize(
    ("body", "failed", "message"),
    [
        (tool_calls(), "server_error", "stopped with 'tool_calls'"),
        (
            {**tool_calls(("look", {})), "choices": [
                {**tool_calls(("look", {}))["choices"][0], "finish_reason": "length"}
            ]},
            "truncated",
            "stopped at the limit of its output tokens",
        ),
        (tool_calls(("look", "x" * 8_000_001)), "invalid_output", "answered more than 8 MB"),
    ],
    ids=["none", "cut", "large"],
)  # fmt: skip
def test_calls_that_do_not_count(
    body: dict[str, Any], failed: str, message: str, server: OpenAIServer
) -> None:
    server.answer = Answer(body=body)
    with pytest.raises(AttemptError) as caught:
        attempt()
    assert (caught.value.failure.value, caught.value.message) == (failed, f"{MODEL} {message}")


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("deepseek/deepseek-reasoner", "calls no tools, as far as LiteLLM knows"),
        ("openai/gpt-5-chat", "calls no tools, as far as LiteLLM knows"),
        ("ollama/llama3.1", "is told of no tools by LiteLLM: 'ollama_chat/llama3.1' is"),
    ],
)
def test_a_model_that_calls_no_tools_is_not_asked(
    model: str, why: str, server: OpenAIServer
) -> None:
    with pytest.raises(AttemptError) as caught:
        attempt(model)
    assert (caught.value.failure.value, caught.value.message) == ("rejected", f"{model} {why}")
    assert server.requests == []


def test_a_model_of_which_nobody_here_knows_whether_it_calls_tools_is_asked(
    server: OpenAIServer,
) -> None:
    """The table has no word of several hundred that do, and their providers say what they take."""
    from agentflow.agents.litellm_settings import litellm

    assert "supports_function_calling" not in litellm.model_cost["mistral/open-mistral-nemo"]
    server.answer = Answer(body=tool_calls(("look", {"q": "a"})))
    model = Model(model="mistral/open-mistral-nemo", api_base=server.url)
    host = replace(HOST, models={"m": model})
    made = replace(call(body="x"), tools=(LOOK, PING))
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    assert reply.calls == (ToolCall("call_1", "look", '{"q": "a"}'),)
    assert [tool["function"]["name"] for tool in server.requests[0]["tools"]] == ["look", "ping"]


@pytest.mark.parametrize("stream", [False, True])
def test_claude_is_shown_its_signed_thoughts_again(stream: bool, server: OpenAIServer) -> None:
    host = replace(HOST, models={"m": Model(model=CLAUDE, stream=stream)})
    made = replace(call(body="x"), tools=(LOOK, PING))
    twice = {**SIGNED, "thinking": "Twice.", "signature": "dHdpY2U="}
    thought = (SIGNED, SECRET, twice, ASKING)
    server.answer = (
        stream_of_claude(*thought) if stream else Answer(body=message_of_claude(*thought))
    )
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    assert reply.thoughts == {"model": CLAUDE, "thinking_blocks": list(thought[:-1])}
    turn = Turn(reply.text, reply.calls, (ToolResult("found"),), thoughts=reply.thoughts)
    connected(
        "llm", lambda c: c.call(options("llm", model="m"), replace(made, turns=(turn,))), host
    )
    sent = server.requests[1]["messages"][1]
    assert sent["role"] == "assistant"
    assert sent["content"] == list(thought)


def test_thoughts_are_shown_to_the_model_that_had_them_only(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion("{}"))
    asked = (ToolCall("toolu_1", "look", "{}"),)
    thoughts: dict[str, Any] = {"model": CLAUDE, "thinking_blocks": [SIGNED]}
    attempt(turns=(Turn(None, asked, (ToolResult("found"),), thoughts=thoughts),))
    (said,) = [one for one in server.requests[0]["messages"] if one["role"] == "assistant"]
    assert "thinking_blocks" not in said


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "kept"), [("deepseek/deepseek-chat", True), (MODEL, False)])
def test_the_text_of_thoughts_goes_back_where_it_is_wanted(
    model: str, kept: bool, stream: bool, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "k")
    monkeypatch.setenv("DEEPSEEK_API_BASE", server.url)
    body = tool_calls(("look", {"q": "a"}))
    body["choices"][0]["message"]["reasoning_content"] = "Better look it up."
    server.answer = Answer(body=body)
    host = replace(HOST, models={"m": Model(model=model, stream=stream)})
    made = replace(call(body="x"), tools=(LOOK, PING))
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    thoughts = {"model": model, "reasoning_content": "Better look it up."}
    assert reply.thoughts == (thoughts if kept else None)
    turn = Turn(None, reply.calls, (ToolResult("found"),), thoughts=reply.thoughts)
    connected(
        "llm", lambda c: c.call(options("llm", model="m"), replace(made, turns=(turn,))), host
    )
    (said,) = [one for one in server.requests[1]["messages"] if one["role"] == "assistant"]
    assert said.get("reasoning_content") == ("Better look it up." if kept else None)


@pytest.mark.parametrize("stream", [False, True])
def test_details_of_thoughts_go_back_as_they_were(
    stream: bool, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")
    monkeypatch.setenv("OPENROUTER_API_BASE", server.url)
    model = "openrouter/google/gemini-3-pro-preview"
    details = [
        {"type": "reasoning.text", "text": "Better look it up.", "signature": "c2ln", "index": 0},
        {"type": "reasoning.encrypted", "data": "c2VhbGVk", "id": "r1", "index": 1},
    ]
    body = tool_calls(("look", {"q": "a"}))
    body["choices"][0]["message"]["reasoning_details"] = details
    server.answer = Answer(body=body)
    host = replace(HOST, models={"m": Model(model=model, stream=stream)})
    made = replace(call(body="x"), tools=(LOOK, PING))
    reply = connected("llm", lambda c: c.call(options("llm", model="m"), made), host)
    assert reply.thoughts == {"model": model, "reasoning_details": details}
    turn = Turn(None, reply.calls, (ToolResult("found"),), thoughts=reply.thoughts)
    connected(
        "llm", lambda c: c.call(options("llm", model="m"), replace(made, turns=(turn,))), host
    )
    (said,) = [one for one in server.requests[1]["messages"] if one["role"] == "assistant"]
    assert said["reasoning_details"] == details


def test_another_provider_is_told_in_its_own_form(server: OpenAIServer) -> None:
    said = {"type": "text", "text": "Let me see."}
    server.answer = Answer(body=message_of_claude(said, ASKING))
    asked = (ToolCall("toolu_0", "look", "{oops"),)
    turns = (Turn(None, asked, (ToolResult(error="the arguments cannot be read"),)),)
    reply = attempt(CLAUDE, turns=turns)
    assert [one.id for one in reply.calls] == ["toolu_1"]
    assert json.loads(reply.calls[0].arguments) == {"q": "a"}
    request = server.requests[0]
    assert [tool["name"] for tool in request["tools"]] == ["look", "ping"]
    assert [part["type"] for part in request["messages"][1]["content"]] == ["tool_use"]
