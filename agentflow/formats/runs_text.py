"""The runs of a store as a table."""

import datetime
from collections.abc import Sequence

from agentflow.formats.safe import safe
from agentflow.summary import Summary

#: Characters of a name that are shown.
_NAME = 20
_HEAD = ("RUN", "STATUS", "SPEC", "STARTED (UTC)", "SECONDS", "ENTRIES", "BY")


def render(summaries: Sequence[Summary], store: str) -> str:
    """A line for each run, the newest first."""
    if not summaries:
        return f"no runs in {safe(store, oneline=True)}"
    rows = [_HEAD, *(_row(summary) for summary in summaries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = []
    for row, summary in zip(rows, (None, *summaries), strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
        if summary is not None and summary.problem:
            lines.append(f"  {safe(summary.problem, oneline=True)}")
    return "\n".join(lines)


def _row(summary: Summary) -> tuple[str, ...]:
    if not summary.entries:
        return (summary.run_id, summary.status, "", "", "", "0", "")
    started = datetime.datetime.fromtimestamp(summary.started, datetime.UTC)
    status = f"{summary.status} (simulated)" if summary.mode == "simulated" else summary.status
    return (
        summary.run_id,
        status,
        safe(summary.spec, oneline=True),
        started.strftime("%Y-%m-%d %H:%M:%S"),
        f"{summary.seconds:.1f}",
        str(summary.entries),
        safe(summary.by or "", limit=_NAME, oneline=True),
    )
