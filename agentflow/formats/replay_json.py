"""What came of a replay, for programs. Format 1; `schemas/replay.v1.schema.json`."""

from agentflow.formats.event_data import event_data
from agentflow.formats.values import document
from agentflow.replay import Replayed

FORMAT = 1


def render(replayed: Replayed, run_id: str) -> str:
    """One JSON object: how much was compared, and where it first differs, if it does."""
    found = replayed.divergence
    return document(
        {
            "format": FORMAT,
            "run": run_id,
            "entries": replayed.entries,
            "decisions": replayed.decisions,
            "same": found is None,
            "divergence": found
            and {
                "entry": found.entry.seq,
                "step": found.step,
                "then": found.then and event_data(found.then),
                "now": found.now and event_data(found.now),
                "why": found.why,
            },
        }
    )
