"""What LiteLLM's table says of chat models (windows, limits, prices), read without importing it.

LiteLLM takes seconds to import, but both the linter and a run with a budget in US dollars need the
table earlier. It is a file of LiteLLM's package (`model_prices_and_context_window_backup.json`, the
one that LiteLLM uses when it must not access the network). Reading it takes 25 ms, once, and only
if there is a chat model to ask about.
"""

import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agentflow.plan.windows import UNKNOWN, KnownModel

_TABLE = "model_prices_and_context_window_backup.json"
_MILLION = 1_000_000
#: Providers whose models have the same names for everybody, and stand in the table.
_LISTED = frozenset(
    {"anthropic", "cohere", "deepseek", "gemini", "groq", "mistral", "openai", "xai"}
)


#: Models of OpenAI that always think, at OpenAI and at Azure; those of chats do not.
_O_SERIES = re.compile(r"(?:openai/|azure/)?o\d(?:-.*)?")
_GPT_5 = re.compile(r"(?:openai/|azure/)?gpt-5(?!-chat|.*search)(?:[.-].*)?")
_SAMPLING = frozenset({"temperature", "top_p"})


@cache
def known_model(model: str) -> KnownModel:
    """What the table has about a model, by its name at LiteLLM: with its provider, or without."""
    entry = _entry(model)
    if entry is None:
        nearest = _nearest(model)
        return UNKNOWN if nearest is None else KnownModel(nearest=nearest)
    return KnownModel(
        provider=entry.get("litellm_provider"),
        input_limit=_tokens(entry, "max_input_tokens"),
        output_limit=_tokens(entry, "max_output_tokens"),
        price=_price(entry),
        vision=bool(entry.get("supports_vision")),
        response_schema=bool(entry.get("supports_response_schema")),
        native_schema=bool(entry.get("supports_native_structured_output")),
        reasoning=bool(entry.get("supports_reasoning")),
        refuses=_refused(model, entry),
        refused_efforts=frozenset(_refused_efforts(model, entry)),
    )


def known_prices(models: Iterable[str]) -> dict[str, tuple[float, float]]:
    """US dollars per million tokens in and out; only models with a price in the table."""
    prices = {model: known_model(model).price for model in models}
    return {model: price for model, price in prices.items() if price is not None}


def _entry(model: str) -> Mapping[str, Any] | None:
    table = _table()
    if model in table:
        return table[model]
    # The models of some providers stand there without it.
    provider, _, name = model.partition("/")
    entry = table.get(name)
    if entry is None or not str(entry.get("litellm_provider", "")).startswith(provider):
        return None
    return entry


def _nearest(model: str) -> str | None:
    """A chat model of the same provider whose name is one slip of the finger away."""
    provider, _, name = model.partition("/")
    near = (known for known in _chats_of(provider) if abs(len(known) - len(name)) <= 1)
    return next((f"{provider}/{known}" for known in near if _is_slip(name, known)), None)


@cache
def _chats_of(provider: str) -> tuple[str, ...]:
    """The names of the chat models of a provider, if they are the same for everybody."""
    if provider not in _LISTED:
        return ()
    return tuple(
        key.removeprefix(f"{provider}/")
        for key, entry in _table().items()
        if entry.get("litellm_provider") == provider and entry.get("mode") == "chat"
    )


def _is_slip(name: str, known: str) -> bool:
    """Is it one letter too many, too few or wrong? Another digit is another model."""
    while name and known and name[0] == known[0]:
        name, known = name[1:], known[1:]
    while name and known and name[-1] == known[-1]:
        name, known = name[:-1], known[:-1]
    odd = name, known
    return max(map(len, odd)) == 1 and not any(map(str.isdigit, odd))


def _refused(model: str, entry: Mapping[str, Any]) -> frozenset[str]:
    """The parameters with which LiteLLM raises `UnsupportedParamsError`, before anything is sent.

    They are in the code of its providers and not in its table: `OpenAIOSeriesConfig`,
    `OpenAIGPT5Config`, `AnthropicConfig`. A temperature of 1 is none.
    """
    found = set[str]()
    if entry.get("litellm_provider") == "anthropic":
        found.add("seed")
    if entry.get("supports_sampling_params") is False or _O_SERIES.fullmatch(model):
        found |= _SAMPLING
    if _GPT_5.fullmatch(model):
        found.add("stop")
        if entry.get("supports_none_reasoning_effort") is False:
            found |= _SAMPLING
    return frozenset(found)


def _refused_efforts(model: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """The same for values of `reasoning_effort`, of those that not every model takes."""
    for effort in ("none", "minimal", "xhigh") if _GPT_5.fullmatch(model) else ():
        if entry.get(f"supports_{effort}_reasoning_effort") is False:
            yield effort


def _tokens(entry: Mapping[str, Any], key: str) -> int | None:
    value = entry.get(key)
    return int(value) if isinstance(value, int | float) and value > 0 else None


def _price(entry: Mapping[str, Any]) -> tuple[float, float] | None:
    """The price; one of 0 is a price that is not known."""
    price_in, price_out = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    if price_in is None or price_out is None or price_in + price_out <= 0:
        return None
    return round(price_in * _MILLION, 9), round(price_out * _MILLION, 9)


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    import orjson  # a spec without chat models needs neither

    found = importlib.util.find_spec("litellm")
    if found is None or found.origin is None:
        return {}

    try:
        table: dict[str, dict[str, Any]] = orjson.loads(
            Path(found.origin).with_name(_TABLE).read_bytes()
        )
    except (OSError, ValueError):
        return {}
    return table
