"""Findings in the XML of JUnit, which many CI systems show: a suite for each file, a case for each
finding.

An error is a failure, anything slighter is skipped with its message, and a file without findings
has one case that passes. Of the schema junit-10.xsd of Jenkins' xUnit plugin, as `tests_junit`.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from agentflow.findings import Finding, Note, Report, Severity
from agentflow.formats.safe import safe


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; XML has no colours)
    """One XML document, ASCII only."""
    by_file: dict[str, list[Finding]] = {file: [] for file in report.sources}
    for finding in report.findings:
        by_file.setdefault(finding.location.file, []).append(finding)
    root = Element(
        "testsuites",
        {"name": "agentflow", **_counts([*report.findings], by_file, len(report.notes))},
    )
    for file, findings in by_file.items():
        _suite(root, file, findings)
    if report.notes:
        _notes(root, report.notes)
    indent(root)
    text = tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _notes(root: Element, notes: Sequence[Note]) -> None:
    """What is said of configurations, as a suite whose cases are skipped."""
    number = str(len(notes))
    about = {
        "name": "configuration",
        "tests": number,
        "failures": "0",
        "errors": "0",
        "skipped": number,
    }
    suite = SubElement(root, "testsuite", about)
    for note in notes:
        place = "" if note.location is None else f"{note.location.file}:{note.location.span.line}"
        name = safe(place, oneline=True) or "configuration"
        case = SubElement(suite, "testcase", name=name, classname="configuration")
        SubElement(case, "skipped", type="note", message=safe(note.message, oneline=True))


def _counts(
    findings: list[Finding], files: dict[str, list[Finding]], notes: int = 0
) -> dict[str, str]:
    """How many cases there are: a file without findings is one."""
    passed = sum(not found for found in files.values())
    failed = sum(finding.severity is Severity.ERROR for finding in findings)
    return {"tests": str(len(findings) + passed + notes), "failures": str(failed), "errors": "0"}


def _suite(root: Element, file: str, findings: list[Finding]) -> None:
    name = safe(file, oneline=True)
    skipped = sum(finding.severity is not Severity.ERROR for finding in findings)
    about = {"name": name, **_counts(findings, {file: findings}), "skipped": str(skipped)}
    suite = SubElement(root, "testsuite", about)
    if not findings:
        SubElement(suite, "testcase", name="no findings", classname=name)
    for finding in findings:
        span = finding.location.span
        title = f"{finding.rule} at {span.line}:{span.column}"
        case = SubElement(suite, "testcase", name=title, classname=name)
        kind = "failure" if finding.severity is Severity.ERROR else "skipped"
        message = safe(finding.message, oneline=True)
        result = SubElement(case, kind, type=str(finding.severity), message=message)
        place = f"{name}:{span.line}:{span.column}"
        advice = f"\nhelp: {safe(finding.help, oneline=True)}" if finding.help else ""
        result.text = f"{place}: {message}{advice}"
