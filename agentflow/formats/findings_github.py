"""Findings as annotations of GitHub Actions: commands in the log of a workflow.

The form is `::error file=F,line=L,col=C,title=T::MESSAGE`. In the values between the commas, `%`,
line ends, `:` and `,` are escaped; in the message, `%` and line ends. So no text of a spec can end
the command or start one of its own. Source: "Workflow commands for GitHub Actions".
"""

from agentflow.findings import START_OF_FILE, STDIN, Finding, Note, Report, Severity
from agentflow.formats.findings_text import summary
from agentflow.formats.fingerprints import relative
from agentflow.formats.safe import safe

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001 (formats take the same; commands have no colours)
    """A command for each finding, and a summary for people who read the log."""
    return "\n".join(
        [*map(_command, report.findings), *map(_notice, report.notes), summary(report)]
    )


def _command(finding: Finding) -> str:
    # What came from stdin has no path at which a change could be annotated.
    file = finding.location.file
    properties = {} if file == STDIN else {"file": relative(file), **_place(finding)}
    properties["title"] = f"agentflow {finding.rule}"
    listed = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    lines = [finding.message, *([f"help: {finding.help}"] if finding.help else [])]
    message = "\n".join(safe(line, oneline=True) for line in lines)
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(message)}"


def _notice(note: Note) -> str:
    properties = {"title": "agentflow configuration"}
    if note.location is not None:
        place = {"file": relative(note.location.file), "line": str(note.location.span.line)}
        properties = place | properties
    listed = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    return f"::{'error' if note.fails else 'notice'} {listed}::{_data(safe(note.message, oneline=True))}"


def _place(finding: Finding) -> dict[str, str]:
    """Lines and columns from 1, both inclusive; columns only where they are on one line."""
    span = finding.location.span
    if span == START_OF_FILE:
        return {"line": "1"}
    if span.end_line != span.line:
        return {"line": str(span.line), "endLine": str(span.end_line)}
    last = max(span.column, span.end_column - 1)
    return {"line": str(span.line), "col": str(span.column), "endColumn": str(last)}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe(text, oneline=True)).replace(":", "%3A").replace(",", "%2C")
