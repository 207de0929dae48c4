"""Reading the scores of judges, and the mean of them."""

import re
from typing import Any

METRICS = ("gpt_groundedness", "gpt_relevance", "gpt_retrieval_score")
_SCORE = re.compile(r"quality score:? *([1-5](?:\.[0-9]+)?) */ *5", re.IGNORECASE)


def read_score(text: str) -> dict[str, Any]:
    """The score that a judge named, and what it wrote before; null if it named none."""
    found = _SCORE.search(text)
    if found is None:
        return {"quality_score": None, "quality_reasoning": f"no score in '{text[:100]}'"}
    score = min(float(found[1]), 5.0)
    return {"quality_score": score, "quality_reasoning": text[: found.start()].strip()}


def summarize(rows: list[dict[str, float | None]], metrics: list[str]) -> dict[str, float | None]:
    """The mean of each metric that is wanted, to two decimals, over the rows that have it."""
    return {
        name: _mean([row[name] for row in rows]) if name in metrics else None for name in METRICS
    }


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return round(sum(known) / len(known), 2) if known else None
