"""Findings as a code quality report of GitLab: a list of issues in JSON.

Source: GitLab's documentation, "Code Quality report format".
"""

from agentflow.findings import Finding, Location, Note, Report, Severity
from agentflow.formats.fingerprints import distinct, fingerprints, relative
from agentflow.formats.safe import safe
from agentflow.formats.values import document
from agentflow.spec.model import Json

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.ADVICE: "info"}


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; JSON has no colours)
    """One JSON list."""
    marks = fingerprints(report.findings)
    issues = [_issue(*each) for each in zip(report.findings, marks, strict=True)]
    placed = [(note, note.location) for note in report.notes if note.location is not None]
    known_by = distinct(("configuration", place.file, note.message) for note, place in placed)
    issues += [_note(*each, mark) for each, mark in zip(placed, known_by, strict=True)]
    return document(issues)


def _note(note: Note, place: Location, fingerprint: str) -> Json:
    """What is said of a configuration, as the slightest issue there is."""
    return {
        "description": safe(note.message, oneline=True),
        "check_name": "configuration",
        "fingerprint": fingerprint,
        "severity": "info",
        "location": {
            "path": relative(place.file),
            "lines": {"begin": place.span.line, "end": place.span.end_line},
        },
    }


def _issue(finding: Finding, fingerprint: str) -> Json:
    advice = f" ({finding.help})" if finding.help else ""
    return {
        "description": safe(f"{finding.message}{advice}", oneline=True),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": relative(finding.location.file),
            "lines": {
                "begin": finding.location.span.line,
                "end": finding.location.span.end_line,
            },
        },
    }
