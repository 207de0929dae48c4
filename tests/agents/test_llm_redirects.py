"""A model's server that names another one: the prompt goes no further."""

from collections.abc import Iterator
from itertools import product

import httpx
import pytest
from msgspec.structs import replace

from agentflow.agents.redirects import Redirected
from agentflow.spec.model import Model

from .calls import HOST, failure
from .openai_server import Answer, OpenAIServer, completion

PROVIDERS = ["openai", "anthropic", "groq", "hosted_vllm", "gemini"]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[OpenAIServer]:
    """Where nobody meant the prompt to go; it would answer."""
    with OpenAIServer() as running:
        running.answer = Answer(body=completion())
        yield running
        assert running.requests == []


def redirect(status: int, where: str) -> Answer:
    return Answer(status, "", headers={"Location": where})


@pytest.mark.parametrize(
    ("provider", "streamed"),
    [*product(PROVIDERS, (False, True)), ("aiohttp_openai", False)],
)
def test_no_provider_follows_a_redirect(
    provider: str,
    streamed: bool,
    server: OpenAIServer,
    elsewhere: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "sk-of-the-operator")
    server.answer = redirect(307, f"{elsewhere.url}/stolen?key=sk-1")
    model = Model(model=f"{provider}/ours", api_base=server.url, stream=streamed)
    failed, message = failure("llm", {"model": "ours"}, replace(HOST, models={"ours": model}))
    here = server.url.removesuffix("/v1") + server.paths[0].partition("?")[0]
    assert failed == "rejected"
    assert message == (
        f"{provider}/ours: '{here}' answered 307 to '{elsewhere.url}/stolen', and no redirect of a"
        " model's server is followed; if that is the right address, name it instead"
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "where", "shown"),
    [
        (301, "/v2", "{root}/v2"),
        (302, "//user:secret@models.example/v1#x", "http://models.example/v1"),
        (308, "completions/", "{root}/v1/chat/completions/"),
    ],
)
def test_what_is_said_of_a_redirect(
    status: int, where: str, shown: str, server: OpenAIServer
) -> None:
    server.answer = redirect(status, where)
    root = server.url.removesuffix("/v1")
    failed, message = failure("llm", {"model": "openai/ours"})
    assert failed == "rejected"
    assert f"' answered {status} to '{shown.format(root=root)}', and no redirect of" in message
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_redirect_to_no_address(provider: str, server: OpenAIServer) -> None:
    server.answer = redirect(307, "https://models.example:port/")
    failed, message = failure("llm", {"model": f"{provider}/ours"})
    assert failed == "rejected"
    assert message.endswith("' answered with a redirect to what is no address")
    assert len(server.requests) == 1


def test_clients_that_wait(server: OpenAIServer, elsewhere: OpenAIServer) -> None:
    """Some providers are asked in a thread."""
    import agentflow.agents.litellm_settings  # noqa: F401 - it settles what is followed

    server.answer = redirect(307, elsewhere.url)
    with httpx.Client(follow_redirects=True) as client, pytest.raises(Redirected):
        client.post(server.url, json={})
    with httpx.Client() as client:
        assert client.post(server.url, json={}).status_code == 307
