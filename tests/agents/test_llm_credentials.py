"""Where keys of providers come from, when they are missed, and who sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentflow.agents.clouds import Machine, missing
from agentflow.agents.credentials import (
    ALLOWED_HOSTS,
    has_key,
    may_see_keys,
    require_keys,
)
from agentflow.agents.protocol import AttemptError, Connection
from agentflow.agents.provider_keys import KEYS, KEYS_OF_ONES_OWN, OTHER_WAYS
from agentflow.errors import MissingSecret
from agentflow.plan.providers import PROVIDERS
from agentflow.spec.model import Model

from .calls import HOST, attempt, call, connected, failure, options
from .openai_server import Answer, OpenAIServer, completion

KEY = "sk-of-the-operator"


@pytest.fixture
def elsewhere() -> Iterator[OpenAIServer]:
    """A server that a spec names."""
    with OpenAIServer() as running:
        running.answer = Answer(body=completion())
        yield running


def told(server: OpenAIServer) -> str:
    """All that the headers of the last request say."""
    return " ".join(f"{name}={text}" for name, text in server.headers[-1].items())


@pytest.mark.parametrize("provider", ["openai", "anthropic", "groq", "hosted_vllm", "gemini"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_host_that_a_spec_names_sees_no_credentials(
    provider: str,
    streamed: bool,
    server: OpenAIServer,
    elsewhere: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GROQ_API_KEY", "HOSTED_VLLM_API_KEY", "GEMINI_API_KEY", "OPENAI_ORG_ID"):
        monkeypatch.setenv(name, KEY)
    model = Model(model=f"{provider}/ours", api_base=elsewhere.url, stream=streamed)
    elsewhere.answer = Answer(400, "no")
    failure("llm", {"model": "ours"}, replace(HOST, models={"ours": model}))
    assert len(elsewhere.requests) == 1
    assert "authorization" not in elsewhere.headers[0]
    assert KEY not in told(elsewhere) + elsewhere.paths[0] + str(elsewhere.requests[0])
    assert server.requests == []


def test_a_host_that_the_operator_allows_gets_the_key(
    server: OpenAIServer, elsewhere: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = elsewhere.url.removeprefix("http://").removesuffix("/v1")
    monkeypatch.setenv(ALLOWED_HOSTS, f"models.example, {host}")
    models = {"ours": Model(model="openai/ours", api_base=elsewhere.url)}
    attempt("llm", {"model": "ours"}, replace(HOST, models=models))
    assert elsewhere.headers[-1]["authorization"] == f"Bearer {KEY}"
    monkeypatch.delenv("OPENAI_API_KEY")
    attempt("llm", {"model": "ours"}, replace(HOST, models=models))
    assert "authorization" not in elsewhere.headers[-1]
    assert len(elsewhere.requests) == 2


def test_a_call_without_a_key_does_not_take_that_of_the_next(
    server: OpenAIServer, elsewhere: OpenAIServer
) -> None:
    server.answer = Answer(body=completion())
    models = {"ours": Model(model="openai/ours", api_base=elsewhere.url)}
    host = replace(HOST, models=models)
    attempt("llm", {"model": "ours"}, host)
    attempt("llm", {"model": "openai/ours"}, host)
    assert "authorization" not in elsewhere.headers[0]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("allowed", "address", "seen"),
    [
        ("", "https://models.example/v1", False),
        ("models.example", "https://models.example/v1", True),
        ("models.example", "https://MODELS.example:8443/v1", True),
        (" a.example , models.example:8443", "https://models.example:8443", True),
        ("models.example:8443", "https://models.example/v1", False),
        ("models.example", "https://models.example.evil.example/v1", False),
        ("example", "https://models.example/v1", False),
    ],
)
def test_allowed_hosts(
    allowed: str, address: str, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, allowed)
    assert may_see_keys(address) is seen


def test_missing_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in KEYS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    require_keys([("a", "openai/ours", "http://localhost/v1"), ("b", "ollama/llama3", None)])
    with pytest.raises(MissingSecret) as caught:
        require_keys([("writer", "gemini/gemini-2.5-flash", None)])
    assert str(caught.value) == (
        "agent 'writer' calls 'gemini/gemini-2.5-flash', and there is no key for it:"
        " 'GEMINI_API_KEY' or 'GOOGLE_API_KEY' is not set"
    )
    assert not has_key("gpt-4o-mini")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    require_keys([("a", "gpt-4o-mini", None), ("b", "gemini/gemini-2.5-flash", None)])


def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of somebody who has no key."""
    for name in (one for keys in (KEYS | KEYS_OF_ONES_OWN).values() for one in keys):
        monkeypatch.delenv(name, raising=False)


def test_whose_key_is_missing_is_told_before_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keys(monkeypatch)
    assert len(KEYS) > 80
    for provider, names in KEYS.items():
        asked = ("writer", f"{provider}/ours", None)
        with pytest.raises(MissingSecret) as caught:
            require_keys([asked])
        missed = " or ".join(f"'{name}'" for name in names)
        assert str(caught.value).endswith(f"there is no key for it: {missed} is not set")
        for name in names:
            monkeypatch.setenv(name, KEY)
            require_keys([asked])
            monkeypatch.delenv(name)
    require_keys([("a", f"{provider}/ours", None) for provider in KEYS_OF_ONES_OWN])


#: Those that LiteLLM gives no key at another address than their own; Replicate is never anywhere
#: else.
NOWHERE_ELSE = {"ai21", "inception", "replicate"}


def test_every_key_is_where_it_is_said_to_be(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set in its variable, and in no other, it leaves with the request."""
    without_keys(monkeypatch)
    monkeypatch.setenv(ALLOWED_HOSTS, server.host)
    server.answer = Answer(400, "no")
    table = {
        name: keys for name, keys in (KEYS | KEYS_OF_ONES_OWN).items() if name not in NOWHERE_ELSE
    }
    models = {name: Model(model=f"{name}/ours", api_base=server.url) for name in table}
    unseen: list[tuple[str, str]] = []

    async def use(connection: Connection) -> None:
        for provider, names in table.items():
            for name in names:
                monkeypatch.setenv(name, KEY)
                server.headers.clear()
                server.paths.clear()
                with pytest.raises(AttemptError):
                    await connection.call(options("llm", model=provider), call())
                if KEY not in f"{server.headers} {server.paths}":
                    unseen.append((provider, name))
                monkeypatch.delenv(name)

    connected("llm", use, replace(HOST, models=models))
    assert unseen == []


@pytest.mark.parametrize("provider", [*KEYS_OF_ONES_OWN, "openai", "sambanova"])
def test_a_server_that_may_see_a_key_does_without(
    provider: str, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch)
    monkeypatch.setenv(ALLOWED_HOSTS, server.host)
    server.answer = Answer(400, "no")
    models = {"m": Model(model=f"{provider}/ours", api_base=server.url)}
    assert failure("llm", {"model": "m"}, replace(HOST, models=models))[0] == "rejected"
    assert len(server.requests) == 1


AWS_KEY = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
NO_AWS = (
    "'AWS_ACCESS_KEY_ID' with 'AWS_SECRET_ACCESS_KEY' or 'AWS_BEARER_TOKEN_BEDROCK' or 'AWS_PROFILE'"
    " is not set, and there is no ~/.aws/credentials"
)
NO_AZURE = "'AZURE_API_KEY' or 'AZURE_OPENAI_API_KEY' or 'AZURE_AD_TOKEN' is not set"


@pytest.mark.parametrize(
    ("provider", "variables", "lacking"),
    [
        ("azure", {}, f"'AZURE_API_BASE' is not set and {NO_AZURE}"),
        ("azure", {"AZURE_API_KEY": "k"}, "'AZURE_API_BASE' is not set"),
        ("azure", {"AZURE_API_BASE": "https://a.example", "AZURE_AD_TOKEN": "k"}, None),
        ("azure", {"AZURE_API_BASE": "https://a.example", "AZURE_TENANT_ID": "k"}, NO_AZURE),
        ("azure_ai", {"AZURE_AI_API_KEY": "k"}, "'AZURE_AI_API_BASE' is not set"),
        ("bedrock", {}, NO_AWS),
        ("bedrock_converse", {"AWS_ACCESS_KEY_ID": "a"}, NO_AWS),
        ("bedrock", AWS_KEY, None),
        ("sagemaker", {"AWS_PROFILE": "work"}, None),
        ("ollama", {}, None),
    ],
)
def test_what_clouds_need(
    provider: str, variables: dict[str, str], lacking: str | None, tmp_path: Path
) -> None:
    assert missing(provider, None, Machine(variables, tmp_path)) == lacking
    # What is at an address of the spec may do without.
    assert missing(provider, "https://ours.example", Machine(variables, tmp_path)) is None


def test_who_is_signed_in_by_a_file_or_by_the_machine_is_not_missed(tmp_path: Path) -> None:
    here = Machine({}, tmp_path)
    google = missing("vertex_ai-language-models", None, here)
    assert google is not None
    assert google.startswith(
        "'GOOGLE_APPLICATION_CREDENTIALS' or 'VERTEXAI_CREDENTIALS' or 'GCE_METADATA_HOST' is not set,"
        " and there is no application_default_credentials.json"
    )
    for folder, name in (
        (".aws", "config"),
        (".config/gcloud", "application_default_credentials.json"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).touch()
    assert missing("bedrock", None, here) is None
    elsewhere = Machine({"AWS_CONFIG_FILE": str(tmp_path / "gone")}, tmp_path)
    assert missing("bedrock", None, elsewhere) == NO_AWS
    assert missing("bedrock", None, replace(elsewhere, maker="Amazon EC2")) is None
    # LiteLLM does not bring Google's package along.
    lacks_package = "the package 'google-auth' is not installed"
    assert missing("vertex_ai", None, here) in (None, lacks_package)
    assert missing("vertex_ai", None, Machine({}, tmp_path / "x", "Google")) in (
        None,
        lacks_package,
    )


def test_nobody_signed_in_is_found_before_a_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AZURE_API_BASE", "AZURE_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_AD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MissingSecret) as caught:
        require_keys([("writer", "azure/gpt-4o", None)])
    assert str(caught.value) == (
        "agent 'writer' calls 'azure/gpt-4o', and its provider cannot be asked:"
        f" 'AZURE_API_BASE' is not set and {NO_AZURE}"
    )
    require_keys([("writer", "azure/gpt-4o", "https://ours.openai.azure.com")])


def test_the_keys_are_those_that_litellm_misses(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agentflow.agents.litellm_settings import litellm

    def missed(provider: str) -> list[str]:
        found: list[str] = litellm.validate_environment(f"{provider}/ours")["missing_keys"]
        return found

    for names in KEYS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    for entry in litellm.provider_list:
        provider = str(getattr(entry, "value", entry))
        known = KEYS.get(provider, ())
        if provider in OTHER_WAYS:
            assert missed(provider), provider
            assert not known, provider
        else:
            assert set(missed(provider)) <= set(known), provider
    assert set(KEYS) | set(KEYS_OF_ONES_OWN) <= PROVIDERS
