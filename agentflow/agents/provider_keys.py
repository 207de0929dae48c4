"""Which variables hold the keys of providers, as LiteLLM (1.106) reads them.

LiteLLM reports a third of them itself (`validate_environment`). The others were found in its code,
and a test sends each key.
"""

_KEYS = """
    abliteration ABLITERATION_API_KEY
    ai21 AI21_API_KEY
    ai21_chat AI21_API_KEY
    aihubmix AIHUBMIX_API_KEY
    aiml AIML_API_KEY
    amazon_nova AMAZON_NOVA_API_KEY
    anthropic ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN
    apertis STIMA_API_KEY
    assemblyai ASSEMBLYAI_API_KEY
    baseten BASETEN_API_KEY
    cerebras CEREBRAS_API_KEY
    charity_engine CHARITY_ENGINE_API_KEY
    chutes CHUTES_API_KEY
    codestral CODESTRAL_API_KEY
    cognition COGNITION_API_KEY
    cohere COHERE_API_KEY CO_API_KEY
    cometapi COMETAPI_KEY
    compactifai COMPACTIFAI_API_KEY
    cortecs CORTECS_API_KEY
    crusoe CRUSOE_API_KEY
    darkbloom DARKBLOOM_API_KEY
    dashscope DASHSCOPE_API_KEY
    deepinfra DEEPINFRA_API_KEY
    deepseek DEEPSEEK_API_KEY
    empiriolabs EMPIRIOLABS_API_KEY
    empower EMPOWER_API_KEY
    featherless_ai FEATHERLESS_AI_API_KEY FEATHERLESS_API_KEY
    fireworks_ai FIREWORKS_AI_API_KEY FIREWORKS_API_KEY FIREWORKSAI_API_KEY FIREWORKS_AI_TOKEN
    friendliai FRIENDLIAI_API_KEY FRIENDLI_TOKEN
    galadriel GALADRIEL_API_KEY
    gemini GEMINI_API_KEY GOOGLE_API_KEY
    github GITHUB_API_KEY
    gmi GMI_API_KEY
    gradient_ai GRADIENT_AI_API_KEY
    groq GROQ_API_KEY
    helicone HELICONE_API_KEY
    heroku HEROKU_API_KEY
    hyperbolic HYPERBOLIC_API_KEY
    inception INCEPTION_API_KEY
    lambda_ai LAMBDA_API_KEY
    libertai LIBERTAI_API_KEY
    llamagate LLAMAGATE_API_KEY
    maritalk MARITALK_API_KEY
    meta META_API_KEY
    meta_llama LLAMA_API_KEY
    minimax MINIMAX_API_KEY
    mistral MISTRAL_API_KEY MISTRAL_AZURE_API_KEY
    modelscope MODELSCOPE_API_KEY
    moonshot MOONSHOT_API_KEY
    morph MORPH_API_KEY
    nano-gpt NANOGPT_API_KEY
    nebius NEBIUS_API_KEY
    neosantara NEOSANTARA_API_KEY
    nlp_cloud NLP_CLOUD_API_KEY
    novita NOVITA_API_KEY
    nscale NSCALE_API_KEY
    nvidia_nim NVIDIA_NIM_API_KEY
    openai OPENAI_API_KEY
    openrouter OPENROUTER_API_KEY OR_API_KEY
    ovhcloud OVHCLOUD_API_KEY
    parasail PARASAIL_API_KEY
    perplexity PERPLEXITYAI_API_KEY PERPLEXITY_API_KEY
    pinstripes PINSTRIPES_API_KEY
    poe POE_API_KEY
    prism PRISM_API_KEY
    publicai PUBLICAI_API_KEY
    reka REKA_API_KEY
    replicate REPLICATE_API_KEY REPLICATE_API_TOKEN
    sail SAIL_API_KEY
    sambanova SAMBANOVA_API_KEY
    sarvam SARVAM_API_KEY
    scaleway SCW_SECRET_KEY
    scx-ai SCX_API_KEY
    snowflake SNOWFLAKE_JWT
    synthetic SYNTHETIC_API_KEY
    tensormesh TENSORMESH_INFERENCE_API_KEY
    together_ai TOGETHERAI_API_KEY TOGETHER_API_KEY TOGETHER_AI_API_KEY TOGETHER_AI_TOKEN
    v0 V0_API_KEY
    veniceai VENICE_AI_API_KEY
    vercel_ai_gateway VERCEL_AI_GATEWAY_API_KEY VERCEL_OIDC_TOKEN
    volcengine VOLCENGINE_API_KEY
    wandb WANDB_API_KEY
    xai XAI_API_KEY
    xiaomi_mimo XIAOMI_MIMO_API_KEY
    zai ZAI_API_KEY
"""
_KEYS_OF_ONES_OWN = """
    docker_model_runner DOCKER_MODEL_RUNNER_API_KEY
    hosted_vllm HOSTED_VLLM_API_KEY
    litellm_proxy LITELLM_PROXY_API_KEY
    llamafile LLAMAFILE_API_KEY
    lm_studio LM_STUDIO_API_KEY
    ollama OLLAMA_API_KEY
    ollama_chat OLLAMA_API_KEY
"""


def _read(table: str) -> dict[str, tuple[str, ...]]:
    lines = (line.split() for line in table.split("\n") if line)
    return {provider: tuple(names) for provider, *names in lines}


#: The variables of a provider, any of which will do. Left out are those that have other ways to
#: sign in (`OTHER_WAYS`), of which `clouds` knows some.
KEYS = _read(_KEYS)
#: Those of servers of one's own, which may do without a key.
KEYS_OF_ONES_OWN = _read(_KEYS_OF_ONES_OWN)
#: Providers that LiteLLM misses something for, and that a call may reach all the same: signed in by
#: a profile or a role of a cloud, without a key, or not for chats.
OTHER_WAYS = frozenset(
    {"azure", "bedrock", "cloudflare", "datarobot", "edenai", "huggingface", "infinity", "nadir"}
    | {"ollama", "ollama_chat", "qwen_ai_platform", "qwencloud", "sagemaker", "tencent"}
    | {"text-completion-codestral", "text-completion-inception", "vertex_ai", "voyage"}
)
