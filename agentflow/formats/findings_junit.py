"""Findings in the XML of JUnit, which many CI systems show: a suite for each file, a case for each
finding.

What makes the command fail is a failure: errors, and warnings with `--strict`. Anything else is
skipped with its message, and a file without findings has one case that passes. The schema is
junit-10.xsd of Jenkins' xUnit plugin, as in `tests_junit`.
"""

from collections.abc import Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from agentflow.findings import Finding, Note, Report, Severity
from agentflow.formats.safe import safe

#: A finding, and whether it makes the command fail.
_Case: TypeAlias = tuple[Finding, bool]


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; XML has no colours)
    """One XML document, ASCII only."""
    by_file: dict[str, list[_Case]] = {file: [] for file in report.sources}
    failing = report.failing or tuple(
        finding.severity is Severity.ERROR for finding in report.findings
    )
    for finding, fails in zip(report.findings, failing, strict=True):
        by_file.setdefault(finding.location.file, []).append((finding, fails))
    failed = sum(failing) + sum(note.fails for note in report.notes)
    tests = sum(max(len(cases), 1) for cases in by_file.values()) + len(report.notes)
    about = {"tests": str(tests), "failures": str(failed), "errors": "0"}
    root = Element("testsuites", {"name": "agentflow", **about})
    for file, cases in by_file.items():
        _suite(root, file, cases)
    if report.notes:
        _notes(root, report.notes)
    indent(root)
    text = tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _notes(root: Element, notes: Sequence[Note]) -> None:
    """What is said of configurations, as a suite whose cases are skipped or, if that fails, failures."""
    failed = sum(note.fails for note in notes)
    counts = _counts(len(notes), failed, len(notes) - failed)
    suite = SubElement(root, "testsuite", {"name": "configuration", **counts})
    for note in notes:
        place = "" if note.location is None else f"{note.location.file}:{note.location.span.line}"
        name = safe(place, oneline=True) or "configuration"
        case = SubElement(suite, "testcase", name=name, classname="configuration")
        kind = "failure" if note.fails else "skipped"
        SubElement(case, kind, type="note", message=safe(note.message, oneline=True))


def _counts(tests: int, failed: int, skipped: int) -> dict[str, str]:
    return {
        "tests": str(tests),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(skipped),
    }


def _suite(root: Element, file: str, cases: Sequence[_Case]) -> None:
    name = safe(file, oneline=True)
    failed = sum(fails for _, fails in cases)
    counts = _counts(max(len(cases), 1), failed, len(cases) - failed)
    suite = SubElement(root, "testsuite", {"name": name, **counts})
    if not cases:
        SubElement(suite, "testcase", name="no findings", classname=name)
    for finding, fails in cases:
        span = finding.location.span
        title = f"{finding.rule} at {span.line}:{span.column}"
        case = SubElement(suite, "testcase", name=title, classname=name)
        kind = "failure" if fails else "skipped"
        message = safe(finding.message, oneline=True)
        result = SubElement(case, kind, type=str(finding.severity), message=message)
        place = f"{name}:{span.line}:{span.column}"
        advice = f"\nhelp: {safe(finding.help, oneline=True)}" if finding.help else ""
        result.text = f"{place}: {message}{advice}"
