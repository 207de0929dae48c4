"""What every provider of LiteLLM's has in common, and where some are odd: how often they are asked,
where their answers say that they are complete, whose streams are read."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Host
from agentflow.spec.model import Model

from .calls import HOST, attempt, call, connected, failure, options
from .openai_server import Answer, Json, OpenAIServer, completion, refusal

#: Those whose models are at any address that is named, by clients of all kinds that LiteLLM has.
ASKED = (
    "ai21 anthropic azure_ai baseten cerebras codestral cohere cometapi compactifai dashscope datarobot"
    " deepinfra deepseek docker_model_runner featherless_ai fireworks_ai gemini groq heroku hosted_vllm"
    " huggingface inception lemonade llamafile lm_studio minimax mistral modelscope moonshot nebius"
    " nlp_cloud novita nvidia_nim ollama ollama_chat oobabooga openai openrouter ovhcloud perplexity"
    " together_ai vercel_ai_gateway volcengine wandb xai"
)


def at(server: OpenAIServer, model: str, *, stream: bool | None = False, base: str = "/v1") -> Host:
    """A host whose model `m` is at an address that the spec says."""
    address = server.url.removesuffix("/v1") + base
    return replace(HOST, models={"m": Model(model=model, api_base=address, stream=stream)})


@pytest.mark.parametrize(
    "answer", [Answer(500, refusal("oh")), Answer(cut="reset")], ids=["500", "reset"]
)
def test_no_provider_is_asked_twice(answer: Answer, server: OpenAIServer) -> None:
    """LiteLLM tells OpenAI's client only for some of them that it is to ask once."""
    server.answer = answer
    models = {name: Model(model=f"{name}/ours", api_base=server.url) for name in ASKED.split()}
    found: dict[str, tuple[str, int]] = {}

    async def use(connection: Connection) -> None:
        for name in models:
            server.requests.clear()
            with pytest.raises(AttemptError) as caught:
                await connection.call(options("llm", model=name), call())
            found[name] = caught.value.failure.value, len(server.requests)

    connected("llm", use, replace(HOST, models=models))
    assert found == dict.fromkeys(models, ("server_error", 1))


def test_parameters_of_litellm_stand_in_no_way(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GradientAI's are refused with any that is not its own."""
    monkeypatch.setenv("GRADIENT_AI_API_KEY", "sk-of-the-operator")
    monkeypatch.setenv("AGENTFLOW_ALLOWED_HOSTS", server.host)
    server.answer = Answer(body=completion())
    assert attempt("llm", {"model": "m"}, at(server, "gradient_ai/ours")).text == "{}"


# --- where nothing has left, and where something came that is no answer ------------------------


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("vllm/ours", "vllm/ours cannot be asked: No module named 'vllm'"),
        ("triton/ours", "triton/ours cannot be asked: Invalid Triton API base: {url}"),
    ],
)
def test_what_litellm_lacks_for_a_request_is_no_failure_of_a_server(
    model: str, message: str, server: OpenAIServer
) -> None:
    said = message.format(url=server.url)
    assert failure("llm", {"model": "m"}, at(server, model)) == ("rejected", said)
    assert server.requests == []


@pytest.mark.parametrize(
    ("error", "failed"), [(ConnectionRefusedError, "not_sent"), (KeyError, "rejected")]
)
def test_who_could_not_sign_in_is_told_from_who_may_not(
    error: type[Exception], failed: str, server: OpenAIServer
) -> None:
    """SDKs of clouds sign in by clients of their own."""
    from agentflow.agents.litellm_failures import failure_of
    from agentflow.agents.litellm_settings import litellm
    from agentflow.agents.litellm_wire import Wire

    made = litellm.exceptions.APIConnectionError("no token", "openai", "m")
    made.__cause__ = error("accounts.example")
    told = failure_of(made, "openai/ours", Wire(1.0))
    assert told.failure.value == failed
    assert told.message == "openai/ours cannot be asked: no token"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_server_without_a_key_that_answers_with_a_page(
    stream: bool, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been asked: no key was needed for that."""
    monkeypatch.delenv("OPENAI_API_KEY")
    server.answer = Answer(body="<html>hello</html>")
    failed, message = failure("llm", {"model": "m"}, at(server, "openai/ours", stream=stream))
    assert failed == "server_error"
    assert "key" not in message


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", ["ollama_chat/llama3", "gemini/gemini-2.5-flash", "databricks/x"])
def test_a_status_that_litellm_makes_up_is_none(
    model: str, stream: bool, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the place of an answer, with status 200, would be a 400 or a 422."""
    monkeypatch.setenv("DATABRICKS_API_KEY", "sk-of-the-operator")
    monkeypatch.setenv("AGENTFLOW_ALLOWED_HOSTS", server.host)
    body = json.dumps({"error": "out of memory"})
    events = {"Content-Type": "text/event-stream"} if model.startswith("databricks") else {}
    text = f"data: {body}\n\n" if events else f"{body}\n"
    server.answer = Answer(body=text, headers=events) if stream else Answer(body=json.loads(body))
    assert failure("llm", {"model": "m"}, at(server, model, stream=stream))[0] == "server_error"
    assert len(server.requests) == 1


# --- where it stands that an answer is complete ------------------------------------------------


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (completion(), ("stop", "gpt-4o-mini-2024-07-18")),
        (
            {"candidates": [{"finishReason": "STOP"}], "modelVersion": "gemini-2.5-flash-001"},
            ("STOP", "gemini-2.5-flash-001"),
        ),
        ({"stop_reason": "end_turn", "model": "claude"}, ("end_turn", "claude")),
        ({"stopReason": "end_turn"}, ("end_turn", None)),
        ({"done": True, "done_reason": "length", "model": "llama3"}, ("length", "llama3")),
        (
            {"modelId": "cohere.command-r", "chatResponse": {"finishReason": "COMPLETE"}},
            ("COMPLETE", "cohere.command-r"),
        ),
        (
            {"modelId": "meta.llama", "chatResponse": {"choices": [{"finishReason": "stop"}]}},
            ("stop", "meta.llama"),
        ),
        (
            {"final_result": {"model": "gpt-4o", "choices": [{"finish_reason": "stop"}]}},
            ("stop", "gpt-4o"),
        ),
        (
            {"model_id": "ibm/granite", "results": [{"stop_reason": "eos_token"}]},
            ("eos_token", "ibm/granite"),
        ),
        ({"details": {"finish_reason": "eos_token"}}, ("eos_token", None)),
        ({"object": "response", "status": "incomplete", "model": "o3"}, ("incomplete", "o3")),
        ({"status": "succeeded", "model": "meta/llama"}, ("succeeded", "meta/llama")),
        ({"choices": [{"finish_reason": 7}], "model": ""}, (None, None)),
        ([], (None, None)),
        ("no JSON", (None, None)),
    ],
)
def test_reason_and_model_stand_where_the_provider_has_them(
    body: Any, found: tuple[str | None, str | None], server: OpenAIServer
) -> None:
    from agentflow.agents.litellm_answers import said_in

    said = said_in((body if body == "no JSON" else json.dumps(body)).encode())
    assert (said.reason, said.model) == found


def test_the_name_of_a_model_is_its_own(server: OpenAIServer) -> None:
    """LiteLLM puts the provider before it, or the name that was asked for in its place."""
    server.answer = Answer(body=completion())
    for model in ("compactifai/ours", "deepinfra/ours", "openai/ours"):
        reply = attempt("llm", {"model": "m"}, at(server, model))
        assert reply.answered == "gpt-4o-mini-2024-07-18", model


# --- Ollama ------------------------------------------------------------------------------------

END: Json = {"done": True, "done_reason": "stop", "prompt_eval_count": 2011, "eval_count": 7}
CUT = {**END, "done_reason": "length"}
UNSAID = {key: value for key, value in END.items() if key != "done_reason"}
SERVED: Json = {"model": "llama3.2", "created_at": "2026-11-27T12:00:00Z"}


def of_ollama(texts: list[str], end: Json | None) -> Answer:
    """A stream of these pieces, as `/api/chat` sends it: a JSON object a line."""
    said = [{**SERVED, "message": {"role": "assistant", "content": text}} for text in texts]
    lines = [{**piece, "done": False} for piece in said]
    if end is not None:
        lines.append({**SERVED, "message": {"role": "assistant", "content": ""}, **end})
    return Answer(body="".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.mark.parametrize(
    ("texts", "heard"),
    [
        (["{", "}"], "{}"),
        (["<think>", "so", "</think>", "{}"], "{}"),
        (["<think>so</think>{}"], "{}"),
        (["Write ", "<think>", " and", " </think>", "."], "Write <think> and </think>."),
        (["Write <think>", " first"], "Write <think> first"),
    ],
    ids=["plain", "thinks", "at once", "later", "open"],
)
def test_a_stream_of_ollama(texts: list[str], heard: str, server: OpenAIServer) -> None:
    server.answer = of_ollama(texts, END)
    reply = attempt("llm", {"model": "m"}, at(server, "ollama_chat/llama3", stream=True, base=""))
    assert (reply.text, reply.answered) == (heard, "llama3.2")
    assert reply.usage is not None
    assert (reply.usage.tokens_in, reply.usage.tokens_out) == (2011, 7)


@pytest.mark.parametrize("end", [CUT, UNSAID, None], ids=["limit", "no reason", "no end"])
def test_a_stream_of_ollama_that_is_not_whole(end: Json | None, server: OpenAIServer) -> None:
    server.answer = of_ollama(["{}"], end)
    host = at(server, "ollama_chat/llama3", stream=True, base="")
    assert failure("llm", {"model": "m"}, host)[0] == "truncated"


@pytest.mark.parametrize("kind", ["ollama", "ollama_chat"])
@pytest.mark.parametrize(
    ("end", "failed"), [(END, None), (CUT, "truncated"), (UNSAID, "truncated")]
)
def test_an_answer_of_ollama(
    end: Json, failed: str | None, kind: str, server: OpenAIServer
) -> None:
    said: Json = {"response": "{}"} if kind == "ollama" else {"message": {"content": "{}"}}
    server.answer = Answer(body={**SERVED, **said, **end})
    host = at(server, f"{kind}/llama3", base="")
    if failed is None:
        assert attempt("llm", {"model": "m"}, host).text == "{}"
    else:
        assert failure("llm", {"model": "m"}, host)[0] == failed


# --- those whose streams cannot be read ---------------------------------------------------------

COHERE = "cohere/command-r"
OF_COHERE: Json = {
    "id": "c",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "{}"}]},
    "usage": {"tokens": {"input_tokens": 2011, "output_tokens": 7}},
}


def test_where_somebody_looks_on_what_cannot_be_read_as_a_stream_comes_whole(
    server: OpenAIServer,
) -> None:
    server.answer = Answer(body=OF_COHERE)
    watched = replace(at(server, COHERE, stream=None), watcher=lambda _step: lambda _piece: None)
    assert attempt("llm", {"model": "m"}, watched).text == "{}"
    assert "stream" not in server.requests[0]


def test_a_stream_that_cannot_be_read_is_not_asked_for(server: OpenAIServer) -> None:
    message = f"{COHERE}: LiteLLM cannot read the streams of its provider"
    found = failure("llm", {"model": "m"}, at(server, COHERE, stream=True))
    assert found == ("rejected", message)
    assert server.requests == []
