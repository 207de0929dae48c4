"""Findings for machines, in a numbered shape: `schemas/findings.v1.schema.json`.

Everything outside ASCII is escaped, so that the text survives any pipe and means nothing to a
terminal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from agentflow.findings import Finding, Location, Severity
from agentflow.formats.values import document
from agentflow.spec.model import Json

FORMAT = 1


def render(findings: Sequence[Finding], files: Iterable[str], *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; JSON has no colours)
    """One JSON document; `files` are those that were checked."""
    number = Counter(finding.severity for finding in findings)
    return document(
        {
            "format": FORMAT,
            "files": list(files),
            "findings": [_finding(finding) for finding in findings],
            "summary": {
                "errors": number[Severity.ERROR],
                "warnings": number[Severity.WARNING],
                "advice": number[Severity.ADVICE],
            },
        }
    )


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "help": finding.help,
        "location": _location(finding.location),
        "related": [
            {"message": related.message, "location": _location(related.location)}
            for related in finding.related
        ],
    }


def _location(location: Location) -> Json:
    return {
        "file": location.file,
        "line": location.span.line,
        "column": location.span.column,
        "end_line": location.span.end_line,
        "end_column": location.span.end_column,
    }
