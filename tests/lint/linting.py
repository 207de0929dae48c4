"""Lints a text as a user's spec would be, without any file beside it."""

from agentflow.errors import FileProblem
from agentflow.findings import Finding
from agentflow.lint.linter import lint
from agentflow.lint.rule import Context
from agentflow.loading import understand


def findings_of(text: str, file: str = "spec.yaml") -> tuple[Finding, ...]:
    """All findings of a spec."""
    return lint(Context(*understand(text, file, _no_files)))


def lines(findings: tuple[Finding, ...]) -> list[str]:
    """`line:column message` of each."""
    return [
        f"{found.location.span.line}:{found.location.span.column} {found.message}"
        for found in findings
    ]


def _no_files(path: str) -> str:
    raise FileProblem(f"there is no file '{path}'")
