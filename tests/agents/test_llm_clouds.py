"""Models of Azure, Bedrock and Vertex AI, up to what is sent: against a server of this machine."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Host
from agentflow.spec.model import Model

from .calls import HOST, attempt, failure
from .openai_server import Answer, Json, OpenAIServer, completion
from .web_server import Answer as WebAnswer
from .web_server import WebServer

KEY = "azure-key-of-the-operator"


def host(model: str, api_base: str | None = None, *, stream: bool = False) -> Host:
    """A host whose model `m` is one of a cloud."""
    return replace(HOST, models={"m": Model(model=model, api_base=api_base, stream=stream)})


# --- Azure -------------------------------------------------------------------------------------


@pytest.fixture
def azure(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    """The server as Azure's, which an operator is signed in at."""
    monkeypatch.setenv("AZURE_API_KEY", KEY)
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    monkeypatch.setenv("AZURE_API_BASE", f"http://{server.host}")
    server.answer = Answer(body=completion())
    return server


@pytest.mark.parametrize("stream", [False, True])
def test_a_deployment_at_azure(stream: bool, azure: OpenAIServer) -> None:
    reply = attempt("llm", {"model": "m"}, host("azure/ours", stream=stream))
    assert (reply.text, reply.answered) == ("{}", "gpt-4o-mini-2024-07-18")
    assert azure.paths == ["/openai/deployments/ours/chat/completions?api-version=2024-10-21"]
    assert azure.headers[0]["api-key"] == KEY


def test_an_address_of_azure_in_the_spec_gets_the_key_if_it_may(
    azure: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_API_BASE")
    where = host("azure/ours", f"http://{azure.host}")
    attempt("llm", {"model": "m"}, where)
    monkeypatch.setenv("AGENTFLOW_ALLOWED_HOSTS", azure.host)
    attempt("llm", {"model": "m"}, where)
    assert [headers.get("api-key") for headers in azure.headers] == [None, KEY]
    assert len(set(azure.paths)) == 1


def test_azure_refuses_a_key(azure: OpenAIServer) -> None:
    azure.answer = Answer(401, {"error": {"code": "401", "message": "Access denied"}})
    assert failure("llm", {"model": "m"}, host("azure/ours")) == (
        "rejected",
        f"azure/ours answered 401: Access denied; '{azure.host}' was sent the key in 'AZURE_API_KEY'",
    )


# --- Bedrock -----------------------------------------------------------------------------------

BEDROCK = "bedrock/anthropic.claude-haiku-4-5-20251001-v1:0"
CONVERSED = {
    "metrics": {"latencyMs": 1},
    "output": {"message": {"role": "assistant", "content": [{"text": "{}"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 2011, "outputTokens": 7, "totalTokens": 2018},
}


@pytest.fixture
def bedrock(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """The server as AWS's, which an operator is signed in at."""
    from litellm.llms.bedrock import base_aws_llm

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA-of-the-operator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-secret-of-the-operator")
    monkeypatch.setenv("AWS_REGION_NAME", "eu-central-1")
    monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", f"http://{server.host}")
    server.answer = Answer(body=CONVERSED)
    # LiteLLM signs in a thread that lives as long as the process.
    with ThreadPoolExecutor(1) as signing:
        monkeypatch.setattr(base_aws_llm, "AWS_SIGNING_EXECUTOR", signing)
        yield server


def test_a_model_of_bedrock(bedrock: OpenAIServer) -> None:
    reply = attempt("llm", {"model": "m"}, host(BEDROCK))
    assert reply.text == "{}"
    assert reply.usage is not None
    assert (reply.usage.tokens_in, reply.usage.tokens_out) == (2011, 7)
    assert bedrock.paths == [f"/model/{BEDROCK.partition('/')[2].replace(':', '%3A')}/converse"]
    signed = bedrock.headers[0]["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIA-of-the-operator/")
    assert "/eu-central-1/bedrock/aws4_request" in signed


@pytest.mark.parametrize(
    ("answer", "failed", "said"),
    [
        (Answer(body=CONVERSED | {"stopReason": "max_tokens"}), "truncated", " stopped at the limit of its output tokens"),
        (Answer(body=CONVERSED | {"stopReason": "guardrail_intervened"}), "rejected", " withheld its answer: content filter"),
        (Answer(400, {"message": "Input is too long for requested model."}), "context_overflow", ' answered 400: {"message": "Input is too long for requested model."}'),
        (Answer(429, {"message": "Too many requests"}, {"Retry-After": "7"}), "rate_limited", ' answered 429: {"message": "Too many requests"}'),
        (Answer(403, {"message": "The security token is invalid"}), "rejected", ' answered 403: {"message": "The security token is invalid"}; \'{host}\' was asked'),
    ],
    ids=["cut", "withheld", "long", "limited", "forbidden"],
)  # fmt: skip
def test_what_bedrock_does_not_answer(
    answer: Answer, failed: str, said: str, bedrock: OpenAIServer
) -> None:
    bedrock.answer = answer
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": "m"}, host(BEDROCK))
    message = BEDROCK + said.replace("{host}", bedrock.host)
    assert (caught.value.failure.value, caught.value.message) == (failed, message)
    assert caught.value.retry_after == (7.0 if failed == "rate_limited" else None)
    assert len(bedrock.requests) == 1


def test_who_signs_in_at_bedrock_by_a_token(
    bedrock: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token-of-the-operator")
    bedrock.answer = Answer(403, {"message": "no"})
    said = f"""answered 403: {{"message": "no"}}; '{bedrock.host}' was sent the key in 'AWS_BEARER_TOKEN_BEDROCK'"""
    assert failure("llm", {"model": "m"}, host(BEDROCK)) == ("rejected", f"{BEDROCK} {said}")


# --- Vertex AI ---------------------------------------------------------------------------------

VERTEX = "vertex_ai/gemini-2.5-flash"
GENERATED: Json = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": "{}"}]}, "finishReason": "STOP"}
    ],
    "usageMetadata": {"promptTokenCount": 2011, "candidatesTokenCount": 7, "totalTokenCount": 2018},
    "modelVersion": "gemini-2.5-flash",
}


@pytest.fixture(scope="module")
def key() -> str:
    """The private key of an account."""
    made = rsa.generate_private_key(65537, 2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.private_bytes(*form).decode()


@pytest.fixture
def vertex(
    server: OpenAIServer, web: WebServer, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> OpenAIServer:
    """The server as Google's, at which an account of a service is signed in by a token of another
    one."""
    web.answer = WebAnswer(body={"access_token": "token-of-the-operator", "expires_in": 3600})
    account = {
        "type": "service_account",
        "project_id": "ours",
        "private_key_id": "1",
        "private_key": key,
        "client_email": "us@ours.example",
        "token_uri": f"{web.url}/token",
    }
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("VERTEXAI_LOCATION", "europe-west4")
    server.answer = Answer(body=GENERATED)
    return server


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_of_vertex(
    stream: bool, vertex: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stream:
        events = {"Content-Type": "text/event-stream"}
        vertex.answer = Answer(body=f"data: {json.dumps(GENERATED)}\n\n", headers=events)
    where = host(VERTEX, f"http://{vertex.host}", stream=stream)
    attempt("llm", {"model": "m"}, where)
    monkeypatch.setenv("AGENTFLOW_ALLOWED_HOSTS", vertex.host)
    reply = attempt("llm", {"model": "m"}, where)
    assert reply.text == "{}"
    assert reply.usage is not None
    assert (reply.usage.tokens_in, reply.usage.tokens_out) == (2011, 7)
    model = "/v1/projects/ours/locations/europe-west4/publishers/google/models/gemini-2.5-flash"
    way = ":streamGenerateContent?alt=sse" if stream else ":generateContent"
    assert vertex.paths == [model + way] * 2
    # The address of the spec gets the token only if the operator allows it.
    tokens = [headers.get("authorization") for headers in vertex.headers]
    assert tokens == [None, "Bearer token-of-the-operator"]


@pytest.mark.parametrize(
    ("reasons", "failed"),
    [
        ((None, "STOP"), None),
        (("STOP",), None),
        ((None, None), "truncated"),
        ((None, "MAX_TOKENS"), "truncated"),
        ((None, "SAFETY"), "rejected"),
        ((None, "MALFORMED_FUNCTION_CALL"), "server_error"),
    ],
)
def test_how_a_stream_of_gemini_ends(
    reasons: tuple[str | None, ...],
    failed: str | None,
    server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LiteLLM says of every piece that it is the last, and of the last one that it is not."""
    monkeypatch.setenv("GEMINI_API_KEY", "sk-of-the-operator")
    (whole,) = GENERATED["candidates"]
    candidates = [whole | {"finishReason": reason} for reason in reasons]
    pieces = [GENERATED | {"candidates": [_without_none(one)]} for one in candidates]
    body = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces)
    server.answer = Answer(body=body, headers={"Content-Type": "text/event-stream"})
    where = host("gemini/gemini-2.5-flash", f"http://{server.host}", stream=True)
    if failed is None:
        assert attempt("llm", {"model": "m"}, where).text == "{}" * len(reasons)
    else:
        assert failure("llm", {"model": "m"}, where)[0] == failed


def _without_none(value: Json) -> Json:
    return {name: item for name, item in value.items() if item is not None}


def test_nobody_is_signed_in_at_vertex(
    server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # LiteLLM keeps who is signed in for a project, as long as the process lives.
    monkeypatch.setenv("VERTEXAI_PROJECT", "nobodys")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    failed, said = failure("llm", {"model": "m"}, host(VERTEX, f"http://{server.host}"))
    assert failed == "rejected"
    assert said.startswith(f"{VERTEX} cannot be asked, since nobody is signed in: File ")
    assert server.requests == []
