"""Answers of chat models that come as a stream: what is heard, and what counts."""

import asyncio
import dataclasses
import json
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Ear, Host, Reply
from agentflow.core.events import Usage
from agentflow.spec.model import Model

from .calls import HOST, attempt, call, connected, failure, options, put_forward
from .claude import CLAUDE, message_of_claude, stream_of_claude
from .openai_server import Answer, OpenAIServer, completion

MODEL = "openai/gpt-4o-mini"
CONTENT = '{"greeting": "hello, world"}'


def watched(heard: list[tuple[str, str]], **models: Model) -> Host:
    """A host where somebody looks on."""

    def watcher(step: str) -> Ear:
        return lambda piece: heard.append((step, piece))

    return replace(HOST, models=models, watcher=watcher)


def streamed(server: OpenAIServer, answer: Answer) -> tuple[Reply, str]:
    """The reply to a call, and what was heard of it."""
    server.answer = answer
    heard: list[tuple[str, str]] = []
    reply = attempt("llm", {"model": MODEL}, watched(heard))
    assert {step for step, _ in heard} == {"extract"}
    assert len(server.requests) == 1
    return reply, "".join(piece for _, piece in heard)


def test_an_answer_that_repeats_itself_counts(server: OpenAIServer) -> None:
    """LiteLLM takes a hundred equal pieces for an error, though only in a stream."""
    text = json.dumps({"greeting": "-" * 2400})
    reply, heard = streamed(server, Answer(body=completion(text)))
    assert (reply.text, heard) == (text, text)


@pytest.mark.parametrize("ending", ["done", "no_done", "reset_late"])
def test_a_whole_answer(ending: Any, server: OpenAIServer) -> None:
    reply, heard = streamed(server, Answer(body=completion(CONTENT), ending=ending))
    assert (reply.text, heard) == (CONTENT, CONTENT)
    assert reply.answered == "gpt-4o-mini-2024-07-18"
    assert reply.first_token is not None
    assert reply.first_token > 0
    counted = Usage(MODEL, 2011, 7, 2011 * 15e-8 + 7 * 60e-8)
    # What the provider has not said is not made up.
    assert reply.usage == (None if ending == "reset_late" else counted)
    assert server.requests[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("thoughts", "rest"),
    [
        ('<think>perhaps {"greeting": "no"}</think>\n', "\n"),
        ("<thinking>\n</thinking>", ""),
        ("\n <think>so</think> ", " "),
        ("<think>so</think>\n<think>or so</think>", ""),
        ("I <think>so</think> ", "I <think>so</think> "),
        ("<think>no end ", "<think>no end "),
    ],
    ids=["think", "thinking", "blanks", "two", "later", "no end"],
)
def test_thoughts_in_the_text_are_no_part_of_it(
    thoughts: str, rest: str, stream: bool, server: OpenAIServer
) -> None:
    """However the answer comes; whoever looks on hears them."""
    server.answer = Answer(body=completion(thoughts + CONTENT))
    host = replace(HOST, models={"m": Model(model=MODEL, stream=stream)})
    assert attempt("llm", {"model": "m"}, host).text == rest + CONTENT


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_nothing_but_thoughts_is_no_answer(stream: bool, server: OpenAIServer) -> None:
    server.answer = Answer(body=completion("<think>so</think>"))
    host = replace(HOST, models={"m": Model(model=MODEL, stream=stream)})
    said = ("invalid_output", f"{MODEL} answered nothing")
    assert failure("llm", {"model": "m"}, host) == said


@pytest.mark.parametrize(
    ("ending", "failed", "message"),
    [
        ("no_reason", "truncated", " answered without saying that the answer is complete"),
        ("nothing", "truncated", " answered without saying that the answer is complete"),
        ("half", "truncated", " answered without saying that the answer is complete"),
        ("broken", "server_error", " broke the connection off before it answered"),
        ("reset", "server_error", " broke the connection off before it answered"),
        ("error", "server_error", ": The server had an error"),
        ("garbage", "server_error", ": Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)  # fmt: skip
def test_an_answer_that_broke_off_is_no_answer(
    ending: Any, failed: str, message: str, server: OpenAIServer
) -> None:
    server.answer = Answer(body=completion(CONTENT), ending=ending)
    heard: list[tuple[str, str]] = []
    assert failure("llm", {"model": MODEL}, watched(heard)) == (failed, MODEL + message)
    assert "".join(piece for _, piece in heard) in CONTENT
    assert len(server.requests) == 1


def at_ones_own_server(server: OpenAIServer, answer: Answer) -> tuple[str, str]:
    """What came of a stream of a server that LiteLLM reads by itself, without OpenAI's client."""
    server.answer = answer
    model = Model(model="hosted_vllm/ours", api_base=server.url, stream=True)
    host = replace(HOST, models={"m": model})
    try:
        return "", attempt("llm", {"model": "m"}, host).text or ""
    except AttemptError as error:
        return error.failure.value, error.message


@pytest.mark.parametrize(
    ("ending", "failed"),
    [
        ("done", ""),
        ("no_done", ""),
        ("no_reason", "truncated"),
        ("nothing", "truncated"),
        ("half", "server_error"),
        ("reset", "server_error"),
        ("error", "server_error"),
        ("garbage", "server_error"),
    ],
)
def test_how_a_stream_of_ones_own_server_ends(
    ending: Any, failed: str, server: OpenAIServer
) -> None:
    """`[DONE]` is no finish reason, and what is no JSON is not passed over."""
    answer = Answer(body=completion(CONTENT), ending=ending)
    assert at_ones_own_server(server, answer)[0] == failed


def test_a_text_that_ends_no_stream(server: OpenAIServer) -> None:
    text = json.dumps({"greeting": "[DONE]" * 8})
    assert at_ones_own_server(server, Answer(body=completion(text))) == ("", text)


def test_a_reason_that_comes_with_the_last_of_the_text(server: OpenAIServer) -> None:
    """Some say once more that there is no reason, with what was used."""
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": "{"}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": "}"}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]},
    ]
    lines = [f"data: {json.dumps(base | chunk)}\n\n" for chunk in chunks]
    body = "".join([*lines, "data: [DONE]\n\n"])
    events = {"Content-Type": "text/event-stream"}
    assert at_ones_own_server(server, Answer(body=body, headers=events)) == ("", "{}")


@pytest.mark.parametrize("kind", ["overloaded_error", "api_error", "invalid_request_error"])
def test_an_error_in_a_stream_of_claude(kind: str, server: OpenAIServer) -> None:
    """It comes after a status of 200, and is no refusal of the request."""
    whole = stream_of_claude({"type": "text", "text": "{}"})
    assert isinstance(whole.body, str)
    begun = whole.body.partition("event: message_delta")[0]
    error = {"type": "error", "error": {"type": kind, "message": "Overloaded"}}
    body = f"{begun}event: error\ndata: {json.dumps(error)}\n\n"
    server.answer = dataclasses.replace(whole, body=body)
    models = {"m": Model(model=CLAUDE, stream=True)}
    said = ("server_error", f"{CLAUDE}: Overloaded")
    assert failure("llm", {"model": "m"}, replace(HOST, models=models)) == said


def test_what_came_of_a_truncated_stream_is_kept(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT), ending="no_reason")
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": MODEL}, watched([]))
    assert caught.value.reply is not None
    assert caught.value.reply.text == CONTENT


def test_a_stream_that_says_that_it_failed(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT, "error"))
    said = "openai raised a streaming error - finish_reason: error, no content string given."
    assert failure("llm", {"model": MODEL}, watched([])) == ("server_error", f"{MODEL}: {said}")


def test_a_stream_that_falls_silent(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT), ending="silent")
    heard = ""

    async def use(connection: Connection) -> None:
        asked = options("llm", model=MODEL)
        await connection.call(asked, replace(call(), timeout=60))

    def hear(piece: str) -> None:
        nonlocal heard
        heard += piece
        if heard == CONTENT[:15]:
            put_forward(asyncio.get_running_loop(), 61)

    with pytest.raises(AttemptError, match=rf"^{MODEL} did not answer within 1m$"):
        connected("llm", use, replace(HOST, models={}, watcher=lambda _step: hear))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", [MODEL, CLAUDE])
def test_what_is_no_utf_8_is_no_answer(model: str, streamed: bool, server: OpenAIServer) -> None:
    text = {"type": "text", "text": '{"a": "größer"}'}
    if model == MODEL:
        answer = Answer(body=completion(text["text"]))
    else:
        answer = stream_of_claude(text) if streamed else Answer(body=message_of_claude(text))
    server.answer = dataclasses.replace(answer, spoilt="ö")
    models = {"m": Model(model=model, stream=streamed)}
    failed, message = failure("llm", {"model": "m"}, replace(HOST, models=models))
    assert failed == "server_error"
    assert message == f"{model} answered with what is not UTF-8 text"


def test_who_streams(server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(CONTENT))
    models = {
        "plain": Model(model=MODEL),
        "always": Model(model=MODEL, stream=True),
        "never": Model(model=MODEL, stream=False),
    }
    unwatched = replace(HOST, models=models)
    for host in (unwatched, watched([], **models)):
        for alias in models:
            assert attempt("llm", {"model": alias}, host).text == CONTENT
    asked = [request.get("stream", False) for request in server.requests]
    assert asked == [False, True, False, True, True, False]
