"""Formats: from a value to text. Nothing here prints or opens a file.

A new format is a module with a `render`, and an entry in the registry of what it renders.
"""

from importlib import import_module
from typing import Protocol

from agentflow.findings import Report
from agentflow.formats.masking import masked


class FindingsFormat(Protocol):
    """Text of what a check has found."""

    def __call__(self, report: Report, /, *, color: bool) -> str: ...


#: Each is a module of its own, which is imported when it is asked for.
FINDINGS_FORMATS = ("text", "json", "jsonl", "sarif", "github", "gitlab", "junit")


def findings_format(name: str) -> FindingsFormat:
    """The format of a name; whichever it is, no credential of a spec is shown."""
    assert name in FINDINGS_FORMATS
    render: FindingsFormat = import_module(f"agentflow.formats.findings_{name}").render

    def render_masked(report: Report, /, *, color: bool) -> str:
        return render(masked(report), color=color)

    return render_masked
