"""What research rests on."""

from typing import Any


def sources(evidence: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The addresses of all sources, each once and in order."""
    return {"urls": sorted({url for finding in evidence for url in finding["sources"]})}
