"""The result of a replay, for programs. Format 1; `schemas/replay.v1.schema.json`."""

from agentflow.formats.event_data import event_data
from agentflow.formats.values import document
from agentflow.replay import Replayed
from agentflow.trace import Trace

FORMAT = 1


def render(replayed: Replayed, trace: Trace, name: str) -> str:
    """One JSON object: how much was compared, and where it first differs, if it does.

    `trace` is that of the recorded run, `name` the pipeline that has decided now.
    """
    found = replayed.divergence
    return document(
        {
            "format": FORMAT,
            "run": trace.run_id,
            "pipeline": trace.plan.pipeline.name,
            "decided_by": name,
            "entries": replayed.entries,
            "decisions": replayed.decisions,
            "other_reasons": replayed.reasons,
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
