"""Formats: from a value to text. Nothing here prints or opens a file.

A new format is a module with a `render`, and a line in the registry of what it renders.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agentflow.findings import Finding
from agentflow.formats import findings_json, findings_text


class FindingsFormat(Protocol):
    """Text of findings; `sources` are the texts of the files that were checked, by name."""

    def __call__(
        self, findings: Sequence[Finding], sources: Mapping[str, str], /, *, color: bool
    ) -> str: ...


FINDINGS_FORMATS: dict[str, FindingsFormat] = {
    "text": findings_text.render,
    "json": findings_json.render,
}
