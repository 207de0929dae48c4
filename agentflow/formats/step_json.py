"""All that a log knows of one step, for programs. Format 1; `schemas/step.v1.schema.json`."""

from collections.abc import Iterable

from agentflow.core.events import Entry
from agentflow.formats.event_data import event_data
from agentflow.formats.values import document

FORMAT = 1


def render(entries: Iterable[Entry], run_id: str, step: str) -> str:
    """One JSON object: the facts and decisions about the step at an address, in log order."""
    found = [
        {"entry": entry.seq, "at": entry.fact.at, **event_data(event)}
        for entry in entries
        for event in (entry.fact, *entry.decisions)
        if getattr(event, "step", None) == step
    ]
    return document({"format": FORMAT, "run": run_id, "step": step, "events": found})
