"""The runs that a tick has picked up, for programs. Format 1; `schemas/tick.v1.schema.json`."""

from collections.abc import Sequence

from agentflow.formats.tick_text import Ticked
from agentflow.formats.values import document

FORMAT = 1


def render(done: Sequence[Ticked]) -> str:
    """One JSON object with the list of runs; `status` is null for one that was not taken up."""
    runs = [{"run": run, "status": status, "problem": why} for run, status, why in done]
    return document({"format": FORMAT, "runs": runs})
