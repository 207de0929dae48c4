"""Formats: from a value to text. Nothing here prints or opens a file.

A new format is a module with a `render`, and a line in the registry of what it renders.
"""

from typing import Protocol

from agentflow.findings import Report
from agentflow.formats import findings_json, findings_text


class FindingsFormat(Protocol):
    """Text of what a check has found."""

    def __call__(self, report: Report, /, *, color: bool) -> str: ...


FINDINGS_FORMATS: dict[str, FindingsFormat] = {
    "text": findings_text.render,
    "json": findings_json.render,
}
