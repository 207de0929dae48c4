"""The providers of chat models, as LiteLLM has them."""

import pytest

from agentflow.agents.known_models import known_model
from agentflow.plan.providers import PROVIDERS, has_provider, meant

#: Those of the newest release that is taken which the one that is installed here does not have.
NEWER = frozenset(
    [
        "aiand",
        "bespoke",
        "bigmodel",
        "clf_ai_gateway",
        "coralbricks",
        "databricks_agent",
        "eu_jev",
        "hostinger_router",
        "inferenceapis",
        "kyma",
        "laya",
        "microsoft_365_copilot",
        "nace",
        "opencode_go",
        "openinfer",
        "opensearch",
        "parallel_ai",
        "refuseless",
        "scaledown",
        "streamlake",
        "wally",
        "zerogpu",
    ]
)


def test_the_providers_are_those_of_litellm() -> None:
    from agentflow.agents.litellm_settings import litellm

    registry = litellm.llms.openai_like.json_loader.JSONProviderRegistry
    own = {provider.value for provider in litellm.provider_list}
    assert own | set(registry.list_providers()) == PROVIDERS - NEWER | {"aiohttp_openai"}
    assert NEWER <= PROVIDERS


def test_names_without_a_provider_are_placed_as_litellm_places_them() -> None:
    from agentflow.agents.litellm_settings import litellm

    def placed(model: str) -> bool:
        try:
            litellm.get_llm_provider(model)
        except litellm.exceptions.BadRequestError:
            return False
        return True

    names = [
        name
        for name, entry in litellm.model_cost.items()
        if "/" not in name and entry.get("mode") in ("chat", "responses", "completion")
    ]
    assert len(names) > 300
    for name in [*names, "nonsense", "llama3", "mistral-large-latest", "ft:gpt-4o:ours::1"]:
        assert has_provider(name, known_model(name)) == placed(name), name


@pytest.mark.parametrize(
    ("model", "near"),
    [
        ("opneai/x", "openai/x"),
        ("aiohttp_openai/x", "openai/x"),
        ("Google/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("together/meta/llama", "together_ai/meta/llama"),
        ("deepseek-chat", "deepseek/deepseek-chat"),
        ("nosuchprovider/x", None),
        ("llama3", None),
    ],
)
def test_what_may_have_been_meant(model: str, near: str | None) -> None:
    assert not has_provider(model, known_model(model))
    assert meant(model, known_model(model)) == near


@pytest.mark.parametrize(
    "model",
    [
        "openai/anything at all",
        "hosted_vllm/meta-llama/Llama-3.3-70B",
        "gpt-4o-mini",
        "claude-haiku-4-5",
        "veniceai/x",
        f"meta/llama-2-70b-chat:{'0' * 64}",
    ],
)
def test_what_has_a_provider(model: str) -> None:
    assert has_provider(model, known_model(model))


@pytest.mark.parametrize(
    "model",
    [
        "anthropic/claude-opus-4-7",
        "anthropic/claude-sonnet-4-5",
        "gemini/gemini-2.5-flash",
        "gpt-5-nano",
        "mistral/mistral-small-latest",
        "openai/gpt-4o-mini",
        "openai/gpt-5-chat-latest",
        "openai/gpt-5-mini",
        "openai/gpt-5.1",
        "openai/o3",
    ],
)
def test_what_is_known_to_be_refused_is_refused_by_litellm(model: str) -> None:
    from agentflow.agents.litellm_settings import litellm

    def refused(**parameter: object) -> bool:
        name, provider, _, _ = litellm.get_llm_provider(model)
        try:
            litellm.get_optional_params(model=name, custom_llm_provider=provider, **parameter)
        except litellm.exceptions.UnsupportedParamsError:
            return True
        return False

    known = known_model(model)
    values = {"temperature": 0.2, "top_p": 0.5, "seed": 7, "stop": ["END"]}
    assert known.refuses == {key for key, value in values.items() if refused(**{key: value})}
    assert not refused(temperature=1)
    thinks = {each for each in known.refused_efforts if refused(reasoning_effort=each)}
    assert thinks == known.refused_efforts
