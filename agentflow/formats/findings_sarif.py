"""Findings in SARIF 2.1.0, the interchange format of static analysis (OASIS).

Columns count code points, and lines end where YAML 1.1 ends them; the run object says so.
Suppressed findings are results with a suppression; a fix has the text that it deletes and the text
that it inserts.
"""

from collections.abc import Mapping
from urllib.parse import quote

from agentflow import __version__
from agentflow.findings import START_OF_FILE, Finding, Fix, Location, Report, Severity, Span
from agentflow.formats.fingerprints import fingerprints, relative
from agentflow.formats.safe import safe
from agentflow.formats.values import document
from agentflow.lint.pages import page_of
from agentflow.lint.rule import Rule
from agentflow.lint.rules import RULES
from agentflow.spec.model import Json

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; JSON has no colours)
    """One SARIF log with one run."""
    findings = [*report.findings, *(each.finding for each in report.suppressed)]
    used = {finding.rule for finding in findings}
    rules = [rule for rule in RULES if rule.NAME in used]
    index = {rule.NAME: number for number, rule in enumerate(rules)}
    taken_back: list[Json] = [None] * len(report.findings)
    taken_back += [_suppression(each.reason, each.comment) for each in report.suppressed]
    marks = fingerprints(findings)
    results = [
        _result(finding, index, mark) | ({"suppressions": [back]} if back else {})
        for finding, mark, back in zip(findings, marks, taken_back, strict=True)
    ]
    driver = {
        "name": "agentflow",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029"],
        "invocations": [_invocation(report)],
        "artifacts": [
            {"location": {"uri": _uri(file)}, "sourceLanguage": "yaml"} for file in report.sources
        ],
        "results": results,
    }
    return document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _invocation(report: Report) -> Json:
    """How it went; what is said of configurations are notifications, which are no results."""
    said: dict[str, Json] = {"executionSuccessful": report.complete}
    if report.notes:
        said["toolConfigurationNotifications"] = [
            {
                "level": "error" if note.fails else "note",
                "message": {"text": safe(note.message, oneline=True)},
            }
            | (
                {"locations": [{"physicalLocation": _physical(note.location)}]}
                if note.location is not None
                else {}
            )
            for note in report.notes
        ]
    return said


def _rule(rule: Rule) -> Json:
    page = page_of(rule)
    says = "\n".join(page.says)
    return {
        "id": rule.NAME,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.why},
        "help": {
            "text": f"{page.why}\n\nBad:\n\n{page.bad}\nSays:\n\n{says}\n\nGood:\n\n{page.good}",
            "markdown": f"{page.why}\n\n```yaml\n{page.bad}```\n\n```text\n{says}\n```\n\n"
            f"Mended:\n\n```yaml\n{page.good}```",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.SEVERITY]},
        "properties": {"tags": [str(rule.FAMILY)]},
    }


def _result(finding: Finding, index: Mapping[str, int], fingerprint: str) -> dict[str, Json]:
    advice = f"\n{safe(finding.help, oneline=True)}" if finding.help else ""
    result: dict[str, Json] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": safe(finding.message, oneline=True) + advice},
        "locations": [{"physicalLocation": _physical(finding.location)}],
        "partialFingerprints": {"agentflow/v1": fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": safe(related.message, oneline=True)},
                "physicalLocation": _physical(related.location),
            }
            for number, related in enumerate(finding.related)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix, finding.location.file)]
    return result


def _fix(fix: Fix, file: str) -> Json:
    note = "" if fix.safe else " (may not be what was meant)"
    return {
        "description": {"text": safe(fix.title, oneline=True) + note},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(file)},
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                    for edit in fix.edits
                ],
            }
        ],
    }


def _suppression(reason: str, comment: Location) -> Json:
    return {
        "kind": "inSource",
        "status": "accepted",
        "justification": safe(reason, oneline=True),
        "location": {"physicalLocation": _physical(comment)},
    }


def _physical(location: Location) -> dict[str, Json]:
    place: dict[str, Json] = {"artifactLocation": {"uri": _uri(location.file)}}
    if location.span != START_OF_FILE:
        place["region"] = _region(location.span)
    return place


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _uri(file: str) -> str:
    """A path as a reference: relative ones stay so, and no character in them means anything."""
    path = quote(relative(file), errors="surrogateescape")
    return f"file://{path}" if path.startswith("/") else path
