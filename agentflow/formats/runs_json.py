"""The runs of a store, for programs. Format 1; `schemas/runs.v1.schema.json`."""

from collections.abc import Sequence

from msgspec import to_builtins

from agentflow.formats.values import document
from agentflow.spec.model import Json
from agentflow.summary import Summary

FORMAT = 1


def render(summaries: Sequence[Summary]) -> str:
    """One JSON object with the list of runs, the newest first."""
    return document({"format": FORMAT, "runs": [_data(summary) for summary in summaries]})


def _data(summary: Summary) -> Json:
    found = to_builtins(summary)
    return {"run": found.pop("run_id"), **found}
