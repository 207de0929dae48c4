"""Whose model it is that a name stands for, as LiteLLM finds it out, without importing it.

A test holds what is written here against LiteLLM's own list and its table of models.
Source: `litellm/litellm_core_utils/get_llm_provider_logic.py`
"""

from agentflow.plan.windows import KnownModel
from agentflow.spec.nearest import nearest

#: The names before the slash: those of the oldest and of the newest release that is taken. Left out
#: is `aiohttp_openai`, an experiment: an answer of it does not say that it is complete, and none is
#: a stream.
_NAMES = """
    a2a a2a_agent abliteration ai21 ai21_chat aiand aihubmix aiml
    amazon_nova anthropic anthropic_text apertis assemblyai auto_router aws_polly
    aws_textract azure azure_ai azure_speech azure_text baseten bedrock bedrock_mantle
    bespoke bigmodel black_forest_labs bytez cerebras charity_engine chatgpt chutes
    clarifai clf_ai_gateway cloudflare codestral cognition cohere cohere_chat cometapi
    compactifai coralbricks cortecs crusoe cursor custom custom_openai darkbloom
    dashscope databricks databricks_agent datarobot deepgram deepinfra deepseek
    docker_model_runner dotprompt edenai elevenlabs empiriolabs empower eu_jev fal_ai
    featherless_ai fireworks_ai friendliai galadriel gdc gemini gigachat github
    github_copilot gmi gradient_ai groq helicone heroku hosted_vllm hostinger_router
    huggingface humanloop hyperbolic inception inferenceapis infinity jina_ai kyma
    lambda_ai langflow langfuse langgraph laya lemonade libertai litellm_agent
    litellm_proxy llamafile llamagate lm_studio manus maritalk meta meta_llama
    microsoft_365_copilot milvus minimax mistral modelscope mongodb moonshot morph nace
    nadir nano-gpt nebius neosantara nlp_cloud novita nscale nvidia_nim nvidia_riva oci
    ollama ollama_chat oobabooga openai openai_like opencode_go openinfer openrouter
    opensearch ovhcloud parallel_ai parasail perplexity petals pg_vector pinstripes poe
    predibase prism publicai qwen_ai_platform qwencloud ragflow recraft reducto
    refuseless reka replicate runwayml s3_vectors sagemaker sagemaker_chat
    sagemaker_nova sail sambanova sap sarvam scaledown scaleway scx-ai snowflake soniox
    stability strands_decider streamlake synthetic tencent tensormesh
    text-completion-codestral text-completion-inception text-completion-openai
    together_ai topaz transcribe triton typesafe v0 valkey veniceai vercel_ai_gateway
    vertex_ai vertex_ai_beta vllm volcengine voyage wally wandb watsonx watsonx_text xai
    xiaomi_mimo xinference zai zerogpu
"""
PROVIDERS = frozenset(_NAMES.split())
#: Those whose streams LiteLLM (1.106) does not read, or not so that it would be seen that one is
#: not whole: it passes over pieces that are no JSON, takes what was cut for complete, has no client
#: that does not wait, or looks for the end of the answer in another place than it stands in.
_UNSTREAMED = frozenset(
    {"a2a", "a2a_agent", "amazon_nova", "anthropic_text", "azure_text", "bytez", "cohere"}
    | {"cohere_chat", "fal_ai", "gigachat", "langflow", "langgraph", "maritalk", "nlp_cloud", "oci"}
    | {"ollama", "oobabooga", "petals", "predibase", "ragflow", "replicate", "sagemaker", "sap"}
    | {"text-completion-codestral", "text-completion-inception", "text-completion-openai"}
    | {"triton", "vllm", "watsonx_text"}
)
#: Providers whose models LiteLLM recognizes only by a name that includes the provider.
_ONLY_NAMED = frozenset({"deepseek", "gemini", "together_ai", "volcengine"})
#: Fine-tuned models of OpenAI.
_TRAINED = ("ft:gpt-3.5-turbo", "ft:gpt-4")
#: Characters of the hash after the colon in names at Replicate.
_HASH = 64
#: What is often written instead of a provider's name.
_MEANT = {
    "aiohttp_openai": "openai",
    "amazon": "bedrock",
    "aws": "bedrock",
    "azure_openai": "azure",
    "azure-openai": "azure",
    "claude": "anthropic",
    "google": "gemini",
    "gpt": "openai",
    "grok": "xai",
    "kimi": "moonshot",
    "qwen": "dashscope",
}


def has_provider(model: str, known: KnownModel) -> bool:
    """Does LiteLLM know whose model this is?"""
    provider, slash, _ = model.partition("/")
    if slash:
        return provider in PROVIDERS or len(model.partition(":")[2]) == _HASH
    if model.startswith("ft:"):
        return model.startswith(_TRAINED) or known.provider == "text-completion-openai"
    return known.provider is not None and known.provider not in _ONLY_NAMED


def streams(model: str, known: KnownModel) -> bool:
    """Can an answer of this model be asked for as a stream?"""
    provider, slash, _ = model.partition("/")
    return (provider if slash else known.provider) not in _UNSTREAMED


def meant(model: str, known: KnownModel) -> str | None:
    """What a name that has no known provider may have been meant to be; None if nothing is near."""
    provider, slash, name = model.partition("/")
    if not slash:
        return None if known.provider is None else f"{known.provider}/{model}"
    near = _MEANT.get(provider.lower()) or nearest(provider, sorted(PROVIDERS))
    return None if near is None else f"{near}/{name}"
