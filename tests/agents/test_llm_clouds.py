"""Models of Azure, up to what is sent: against a server of this machine."""

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import Host
from agentflow.spec.model import Model

from .calls import HOST, attempt, failure
from .openai_server import Answer, OpenAIServer, completion

KEY = "azure-key-of-the-operator"


def host(model: str, api_base: str | None = None, *, stream: bool = False) -> Host:
    """A host whose model `m` is one of a cloud."""
    return replace(HOST, models={"m": Model(model=model, api_base=api_base, stream=stream)})


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
