"""What came of a replay, for programs. Format 1."""

from dataclasses import asdict

from agentflow.core.events import Decision
from agentflow.formats.values import document
from agentflow.replay import Replayed
from agentflow.spec.model import Json

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
                "then": _data(found.then),
                "now": _data(found.now),
                "why": found.why,
            },
        }
    )


def _data(decision: Decision | None) -> Json:
    return decision and {"kind": type(decision).__name__, **asdict(decision)}
