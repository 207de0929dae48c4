"""What became of a request to end a run, for people."""

from agentflow.formats.safe import safe
from agentflow.trace import Trace


def render(trace: Trace, busy: str | None) -> str:
    """How the run ended, what of it nobody knows, and whether a process is still at work on it."""
    if trace.status == "cancelled" and trace.failure is not None:
        lines = [f"run {trace.run_id} {safe(trace.failure.message, oneline=True)}"]
        unknown = ", ".join(span.address for span in trace.unknown())
        if unknown:
            lines.append(f"what may have had its effect: {safe(unknown, oneline=True)}")
    elif busy is not None:
        lines = ["not cancelled yet; the process that works on the run takes it in when it can"]
    else:
        lines = [f"not cancelled: run {trace.run_id} has ended before: {trace.status}"]
    if busy is not None:
        lines.append(safe(busy, oneline=True))
    return "\n".join(lines)


def removed(run_id: str) -> str:
    """Nothing stays of a run that had not begun."""
    return f"run {run_id} had not begun; it is removed"
