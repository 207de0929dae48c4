"""`agentflow validate`: specs in, findings out. Nothing in a spec is executed."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agentflow.cli.report import emit, report_error, wants_color
from agentflow.errors import ExitCode, FileProblem, UsageError
from agentflow.findings import Finding, Severity
from agentflow.formats import FINDINGS_FORMATS
from agentflow.loading import Spec, check, load, load_bytes
from agentflow.spec.document import MAX_BYTES

SUFFIXES = (".yaml", ".yml")


def validate_specs(paths: Sequence[str], format: str) -> int:
    """Check specs and print the findings; gives the exit code.

    A spec that cannot be read does not hide the findings of the others.

    Raises:
        UsageError: there is nothing to check.
        FileProblem: none of the specs can be read.
    """
    findings: list[Finding] = []
    sources: dict[str, str] = {}
    unreadable: list[FileProblem] = []
    for path in dict.fromkeys(_specs(paths)):
        try:
            spec = _read(path)
        except FileProblem as error:
            unreadable.append(error)
            continue
        findings.extend(check(spec))
        sources[spec.file] = spec.document.text
    if not sources:
        raise unreadable[0]
    for problem in unreadable:
        report_error(problem, sys.stderr)
    emit(FINDINGS_FORMATS[format](findings, sources, color=wants_color(sys.stdout)))
    if unreadable:
        return ExitCode.COULD_NOT
    bad = any(finding.severity is Severity.ERROR for finding in findings)
    return ExitCode.FINDINGS if bad else ExitCode.OK


def _read(path: str) -> Spec:
    if path == "-":
        return load_bytes(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>", Path.cwd())
    return load(path)


def _specs(paths: Sequence[str]) -> Iterator[str]:
    """The specs that are meant: a folder stands for the specs that lie directly in it."""
    for path in paths:
        if path != "-" and Path(path).is_dir():
            found = sorted(str(file) for file in Path(path).iterdir() if file.suffix in SUFFIXES)
            if not found:
                raise UsageError(
                    f"there are no specs in the folder '{path}'",
                    help="a spec is a file that ends in .yaml or .yml",
                )
            yield from found
        else:
            yield path
