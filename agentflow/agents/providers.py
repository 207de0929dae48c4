"""The environment variables in which the providers of chat models expect their keys.

LiteLLM knows more of them, but takes seconds to import; these are the ones in common use, as its
documentation has them (https://docs.litellm.ai/docs/providers). Of a provider that is not here
nothing is known.
"""

from collections.abc import Mapping

#: By the provider's name at LiteLLM: groups of variables, of which one whole group is needed.
KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "anthropic": (("ANTHROPIC_API_KEY",),),
    "azure": (("AZURE_API_KEY", "AZURE_API_BASE"),),
    "bedrock": (("AWS_BEARER_TOKEN_BEDROCK",), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
    "cohere": (("COHERE_API_KEY",),),
    "deepseek": (("DEEPSEEK_API_KEY",),),
    "fireworks_ai": (("FIREWORKS_API_KEY",), ("FIREWORKS_AI_API_KEY",)),
    "gemini": (("GEMINI_API_KEY",), ("GOOGLE_API_KEY",)),
    "groq": (("GROQ_API_KEY",),),
    "huggingface": (("HF_TOKEN",), ("HUGGINGFACE_API_KEY",)),
    "mistral": (("MISTRAL_API_KEY",),),
    "ollama": ((),),
    "ollama_chat": ((),),
    "openai": (("OPENAI_API_KEY",),),
    "openrouter": (("OPENROUTER_API_KEY",),),
    "perplexity": (("PERPLEXITYAI_API_KEY",),),
    "together_ai": (("TOGETHERAI_API_KEY",), ("TOGETHER_API_KEY",)),
    "xai": (("XAI_API_KEY",),),
}


def keys_for(provider: str) -> tuple[tuple[str, ...], ...] | None:
    """The groups of variables of which one is needed; None if nothing is known of the provider."""
    return KEYS.get(provider)


def keys_set(groups: tuple[tuple[str, ...], ...], environment: Mapping[str, str]) -> bool:
    """Is one of the groups there as a whole?"""
    return any(all(environment.get(name) for name in group) for group in groups)
