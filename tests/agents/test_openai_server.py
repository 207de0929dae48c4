"""The chat server of the tests, as OpenAI's own client sees it."""

import json
from typing import Any

import openai
import pytest

from .openai_server import (
    ENDINGS,
    Answer,
    Json,
    OpenAIServer,
    completion,
    obedient,
    refusal,
    too_long,
    tool_calls,
)

ASKED: Any = [{"role": "user", "content": "go"}]
CONTENT = '{"greeting": "hello, world"}'


def client(server: OpenAIServer) -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-of-the-operator", base_url=server.url, max_retries=0)


def ask(server: OpenAIServer, **changes: Any) -> Any:
    with client(server) as asking:
        return asking.chat.completions.create(model="m", messages=ASKED, **changes)


def listen(server: OpenAIServer, timeout: float = 60.0) -> tuple[str, str | None, int | None]:
    """Content, reason and tokens of a stream that is heard to its end."""
    content, reason, tokens = "", None, None
    with (
        client(server) as asking,
        asking.chat.completions.create(
            model="m",
            messages=ASKED,
            stream=True,
            stream_options={"include_usage": True},
            timeout=timeout,
        ) as stream,
    ):
        for event in stream:
            tokens = event.usage.total_tokens if event.usage else tokens
            for choice in event.choices:
                content += choice.delta.content or ""
                reason = choice.finish_reason or reason
    return content, reason, tokens


def test_one_answer_whole_and_as_a_stream(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT))
    assert ask(server).choices[0].message.content == CONTENT
    assert listen(server) == (CONTENT, "stop", 2018)
    assert [request.get("stream") for request in server.requests] == [None, True]
    assert [header["authorization"] for header in server.headers] == [
        "Bearer sk-of-the-operator"
    ] * 2


def test_calls_of_tools_whole_and_as_a_stream(server: OpenAIServer) -> None:
    server.answer = Answer(body=tool_calls(("look", {"at": "this"}), ("broken", '{"at": ')))
    message = ask(server).choices[0].message
    made = [(call.function.name, call.function.arguments) for call in message.tool_calls]
    assert made == [("look", '{"at": "this"}'), ("broken", '{"at": ')]
    names: dict[int, str] = {}
    given = {0: "", 1: ""}
    with client(server) as asking:
        for event in asking.chat.completions.create(model="m", messages=ASKED, stream=True):
            for call in event.choices[0].delta.tool_calls or ():
                assert call.function is not None
                names[call.index] = call.function.name or names[call.index]
                given[call.index] += call.function.arguments or ""
    assert list(zip(names.values(), given.values(), strict=True)) == made


@pytest.mark.parametrize("ending", ENDINGS)
def test_endings_of_a_stream(ending: Any, server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT), ending=ending)
    orderly = {
        "done": (CONTENT, "stop", 2018),
        "no_done": (CONTENT, "stop", 2018),
        "no_reason": (CONTENT, None, None),
        "nothing": (CONTENT[:15], None, None),
        "half": (CONTENT[:15], None, None),
    }
    if ending in orderly:
        assert listen(server) == orderly[ending]
        return
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is compared below
        listen(server, 0.2 if ending == "silent" else 60.0)
    # On a slow machine the time may be up before the first of a stream has come.
    assert type(caught.value).__name__ in {
        "broken": ["RemoteProtocolError"],
        "reset": ["ReadError"],
        "reset_late": ["ReadError"],
        "error": ["APIError"],
        "garbage": ["JSONDecodeError"],
        "silent": ["ReadTimeout", "APITimeoutError"],
    }.get(ending, [])


@pytest.mark.parametrize("cut", ["reset", "close"])
@pytest.mark.parametrize("half", [False, True])
def test_connections_that_break(cut: Any, half: bool, server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT), cut=cut, half=half)
    with pytest.raises(openai.APIConnectionError):
        ask(server)
    assert len(server.requests) == 1


def test_a_script_has_as_many_answers_as_it_says(server: OpenAIServer) -> None:
    server.script(too_long(), Answer(body=completion("1")))
    with pytest.raises(openai.BadRequestError, match="maximum context length is 8192 tokens"):
        ask(server)
    assert ask(server).choices[0].message.content == "1"
    with pytest.raises(openai.APIStatusError) as caught:
        ask(server)
    assert (caught.value.status_code, len(server.requests)) == (418, 3)


def test_a_refusal_in_the_place_of_a_stream(server: OpenAIServer) -> None:
    server.answer = Answer(529, refusal("overloaded", "busy"), {"Retry-After": "3"})
    with pytest.raises(openai.InternalServerError) as caught:
        listen(server)
    assert caught.value.response.headers["Retry-After"] == "3"
    assert json.loads(caught.value.response.content) == server.answer.body


def test_structured_output(server: OpenAIServer) -> None:
    server.answer = obedient
    schema: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": ["a"],
        "properties": {"a": {"enum": [17]}},
    }

    def wanted(**changes: Any) -> Any:
        shape = {"name": "output", "schema": {**schema, **changes}, "strict": True}
        return {"type": "json_schema", "json_schema": shape}

    assert ask(server, response_format=wanted()).choices[0].message.content == '{"a": 17}'
    assert ask(server).choices[0].message.content == "{}"
    for changes, wrong in (
        ({"required": []}, "'required' has to include every key"),
        ({"additionalProperties": True}, "'additionalProperties' is required"),
        ({"not": {}}, "'not' is not permitted"),
    ):
        with pytest.raises(openai.BadRequestError, match=wrong):
            ask(server, response_format=wanted(**changes))
