"""What became of a request to end a run, for programs. Format 1; `schemas/cancel.v1.schema.json`"""

from agentflow.formats.values import document
from agentflow.trace import Trace

FORMAT = 1


def render(trace: Trace, busy: str | None) -> str:
    """One JSON object. `by` and `reason` are those that ended the run, if that is why it ended."""
    request = trace.cancelled
    return document(
        {
            "format": FORMAT,
            "run": trace.run_id,
            "status": trace.status,
            "by": request.by if request is not None else None,
            "reason": request.why if request is not None else None,
            "unknown": [span.address for span in trace.unknown()],
            "at_work": busy is not None,
        }
    )


def removed(run_id: str) -> str:
    """The same of a run that had not begun, of which nothing stays."""
    return document(
        {
            "format": FORMAT,
            "run": run_id,
            "status": "cancelled",
            "by": None,
            "reason": None,
            "unknown": [],
            "at_work": False,
        }
    )
