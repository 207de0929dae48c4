"""Findings for people: the message, the line it is about, and a caret under the place.

error[unknown-agent]: unknown agent 'wrter'
  --> specs/team.yaml:11:12
   |
11 |     agent: wrter
   |            ^^^^^
help: did you mean 'writer'?
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from agentflow.findings import START_OF_FILE, Finding, Location, Report, Severity
from agentflow.formats.excerpts import Excerpt, excerpt
from agentflow.formats.safe import safe
from agentflow.formats.words import count
from agentflow.spec.yaml.source import Source


class _Style(StrEnum):
    """Terminal colours (ECMA-48, "Select Graphic Rendition")."""

    ERROR = "1;31"
    WARNING = "1;33"
    ADVICE = "1;36"
    NOTE = "1;32"
    FRAME = "34"
    STRONG = "1"


_SEVERITY = {
    Severity.ERROR: _Style.ERROR,
    Severity.WARNING: _Style.WARNING,
    Severity.ADVICE: _Style.ADVICE,
}


def render(report: Report, *, color: bool = False) -> str:
    """The findings one after another, and a summary as the last line.

    A file whose source the report does not have is named without an excerpt.
    """
    page = _Page(report.sources, color=color)
    blocks = ["\n".join(page.finding(finding)) for finding in report.findings]
    return "\n\n".join([*blocks, page.summary(report) + _fixable(report.findings)])


def blocks(report: Report, *, color: bool) -> str:
    """The findings alone."""
    page = _Page(report.sources, color=color)
    return "\n\n".join("\n".join(page.finding(finding)) for finding in report.findings)


def summary(report: Report) -> str:
    """The last line alone."""
    return _Page(report.sources, color=False).summary(report)


def _fixable(findings: Sequence[Finding]) -> str:
    """A second line of the summary, if a program may mend some: it leaves out what does harm.

    Which these are shows only when they are tried, so it says no more than how many there may be.
    """
    safe_ones = sum(found.fix is not None and found.fix.safe for found in findings)
    others = sum(found.fix is not None and not found.fix.safe for found in findings)
    parts = [
        f"{'up to ' if number > 1 else ''}{number} with 'validate {option}'"
        for number, option in ((safe_ones, "--fix"), (others, "--unsafe-fixes"))
        if number
    ]
    return f"\nfixes to try: {', '.join(parts)}" if parts else ""


class _Page:
    """What all findings have in common: the sources, cut into lines once, and colour or not."""

    def __init__(self, sources: Mapping[str, str], *, color: bool) -> None:
        self._texts = sources
        self._sources: dict[str, Source] = {}
        self._color = color

    def finding(self, finding: Finding) -> Iterator[str]:
        style = _SEVERITY[finding.severity]
        head = self._paint(f"{finding.severity}[{finding.rule}]", style)
        message = self._paint(safe(finding.message, oneline=True), _Style.STRONG)
        yield f"{head}: {message}"
        yield from self._place(finding.location, style)
        for related in finding.related:
            yield f"{self._paint('note', _Style.NOTE)}: {safe(related.message, oneline=True)}"
            yield from self._place(related.location, _Style.NOTE)
        if finding.help:
            yield f"{self._paint('help', _Style.ADVICE)}: {safe(finding.help, oneline=True)}"

    def summary(self, report: Report) -> str:
        """How many of each severity, in how many files, and how many are not shown."""
        findings = report.findings
        left = [
            f"{number} {what}"
            for number, what in (
                (len(report.suppressed), "suppressed"),
                (report.hidden, "not shown"),
            )
            if number
        ]
        rest = f" ({', '.join(left)})" if left else ""
        if not findings:
            checked = count(len(self._texts), "file")
            return self._paint(f"no problems in {checked}", _Style.NOTE) + rest
        parts = []
        for severity, singular, plural in (
            (Severity.ERROR, "error", "errors"),
            (Severity.WARNING, "warning", "warnings"),
            (Severity.ADVICE, "piece of advice", "pieces of advice"),
        ):
            number = sum(finding.severity is severity for finding in findings)
            if number:
                parts.append(self._paint(count(number, singular, plural), _SEVERITY[severity]))
        files = len({finding.location.file for finding in findings})
        return f"{', '.join(parts)} in {count(files, 'file')}{rest}"

    def _place(self, location: Location, style: _Style) -> Iterator[str]:
        """The arrow with file, line and column, and the excerpt if there is one."""
        name, span = safe(location.file, oneline=True), location.span
        if span == START_OF_FILE:
            yield f" {self._paint('-->', _Style.FRAME)} {name}"
            return
        found = self._excerpt(location)
        gutter = " " * len(str(span.line))
        arrow = self._paint(f"{gutter}-->", _Style.FRAME)
        yield f"{arrow} {name}:{span.line}:{span.column}"
        if found is None:
            return
        bar = self._paint(f"{gutter} |", _Style.FRAME)
        number = self._paint(f"{span.line} |", _Style.FRAME)
        yield bar
        yield f"{number} {found.text}".rstrip()
        yield f"{bar} {' ' * found.indent}{self._paint('^' * found.carets, style)}"

    def _excerpt(self, location: Location) -> Excerpt | None:
        text = self._texts.get(location.file)
        if text is None:
            return None
        source = self._sources.get(location.file)
        if source is None:
            source = self._sources[location.file] = Source(text)
        return excerpt(source, location.span)

    def _paint(self, text: str, style: _Style) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color else text
