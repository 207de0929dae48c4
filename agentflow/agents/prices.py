"""What chat models cost, as far as LiteLLM knows, without importing it.

LiteLLM takes seconds to import, and a run that bounds its US dollars has to know prices before it
starts. The table is a file of its package (`model_prices_and_context_window_backup.json`, the one
it uses itself when it is not to go to the net).
"""

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path

_TABLE = "model_prices_and_context_window_backup.json"
_MILLION = 1_000_000


def known_prices(models: Iterable[str]) -> dict[str, tuple[float, float]]:
    """US dollars for a million tokens in and out, of those models that the table has a price for."""
    table = _table()
    prices = {}
    for model in models:
        # Models of OpenAI stand there without their provider.
        entry = table.get(model) or table.get(model.partition("/")[2]) or {}
        price_in, price_out = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
        if price_in is not None and price_out is not None and price_in + price_out > 0:
            prices[model] = (round(price_in * _MILLION, 9), round(price_out * _MILLION, 9))
    return prices


def _table() -> dict[str, dict[str, float]]:
    found = importlib.util.find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    try:
        table: dict[str, dict[str, float]] = json.loads(
            Path(found.origin).with_name(_TABLE).read_text("utf-8")
        )
    except (OSError, ValueError):
        return {}
    return table
