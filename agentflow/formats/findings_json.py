"""Findings for programs. The schema has a number: `schemas/findings.v1.schema.json`.

Everything outside ASCII is escaped, so that the text survives any pipe and has no effect on a
terminal.
"""

from collections import Counter

from agentflow.findings import Finding, Fix, Location, Note, Report, Severity, Span, Suppressed
from agentflow.formats.values import document
from agentflow.spec.model import Json

FORMAT = 1


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; JSON has no colours)
    """One JSON document."""
    return document(
        {
            "format": FORMAT,
            "files": list(report.sources),
            "findings": [finding_data(finding) for finding in report.findings],
            "suppressed": [suppressed_data(each) for each in report.suppressed],
            "notes": [note_data(each) for each in report.notes],
            "fixed": [finding_data(finding) for finding in report.fixed],
            "summary": summary_data(report),
        }
    )


def note_data(note: Note) -> dict[str, Json]:
    """What there is to say of a configuration or of the command line."""
    return {
        "message": note.message,
        "location": None if note.location is None else _location(note.location),
    }


def summary_data(report: Report) -> dict[str, Json]:
    """How many findings there are."""
    number = Counter(finding.severity for finding in report.findings)
    return {
        "errors": number[Severity.ERROR],
        "warnings": number[Severity.WARNING],
        "advice": number[Severity.ADVICE],
        "suppressed": len(report.suppressed),
        "hidden": report.hidden,
    }


def suppressed_data(suppressed: Suppressed) -> dict[str, Json]:
    """A finding that a comment takes back."""
    return finding_data(suppressed.finding) | {
        "reason": suppressed.reason,
        "comment": _location(suppressed.comment),
    }


def finding_data(finding: Finding) -> dict[str, Json]:
    """One finding."""
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
        "fix": None if finding.fix is None else _fix(finding.fix),
    }


def _fix(fix: Fix) -> Json:
    return {
        "title": fix.title,
        "safe": fix.safe,
        "edits": [{**_span(edit.span), "text": edit.text} for edit in fix.edits],
    }


def _location(location: Location) -> Json:
    return {"file": location.file, **_span(location.span)}


def _span(span: Span) -> dict[str, Json]:
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
