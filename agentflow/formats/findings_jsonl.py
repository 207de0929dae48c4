"""Findings, one per line, for programs that read as they go; `schemas/findings-line.v1.schema.json`.

A line is a JSON object. Its `type` is `finding`, `suppressed`, `note` or `fixed`; the last one is
the `summary`.
"""

from collections.abc import Iterator

from agentflow.findings import Report
from agentflow.formats.findings_json import (
    FORMAT,
    finding_data,
    note_data,
    summary_data,
    suppressed_data,
)
from agentflow.formats.values import line
from agentflow.spec.model import Json


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; JSON has no colours)
    """The lines, ASCII only."""
    return "\n".join(map(line, _lines(report)))


def _lines(report: Report) -> Iterator[dict[str, Json]]:
    for finding in report.findings:
        yield {"format": FORMAT, "type": "finding"} | finding_data(finding)
    for suppressed in report.suppressed:
        yield {"format": FORMAT, "type": "suppressed"} | suppressed_data(suppressed)
    for note in report.notes:
        yield {"format": FORMAT, "type": "note"} | note_data(note)
    for finding in report.fixed:
        yield {"format": FORMAT, "type": "fixed"} | finding_data(finding)
    files = {"files": list(report.sources)}
    yield {"format": FORMAT, "type": "summary"} | files | summary_data(report)
