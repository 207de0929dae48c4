"""`agentflow validate`: specs in, findings out. Nothing in a spec is executed, unless imports are
allowed.
"""

import sys
from collections.abc import Sequence

from agentflow.cli.report import emit, report_error, wants_color
from agentflow.cli.specs import read_spec, spec_paths
from agentflow.errors import ExitCode, FileProblem
from agentflow.findings import Finding, Severity
from agentflow.formats import FINDINGS_FORMATS
from agentflow.loading import check
from agentflow.plan.library import texts_by_file


def validate_specs(paths: Sequence[str], format: str, *, imports: bool) -> int:
    """Check specs and print the findings; gives the exit code.

    With `imports`, the modules of Python classes that contracts name are imported. A spec that
    cannot be read does not hide the findings of the others.

    Raises:
        UsageError: there is nothing to check.
        FileProblem: none of the specs can be read.
    """
    findings: list[Finding] = []
    sources: dict[str, str] = {}
    unreadable: list[FileProblem] = []
    unseen = 0
    for path in spec_paths(paths):
        try:
            spec = read_spec(path, imports=imports)
        except FileProblem as error:
            unreadable.append(error)
            continue
        findings.extend(check(spec))
        sources.update(texts_by_file(spec.document, spec.plan))
        unseen += spec.unseen
    if not sources:
        raise unreadable[0]
    for problem in unreadable:
        report_error(problem, sys.stderr)
    emit(FINDINGS_FORMATS[format](findings, sources, color=wants_color(sys.stdout)))
    if unseen and format == "text":
        emit(_unseen(unseen), sys.stderr)
    if unreadable:
        return ExitCode.COULD_NOT
    bad = any(finding.severity is Severity.ERROR for finding in findings)
    return ExitCode.FINDINGS if bad else ExitCode.OK


def _unseen(contracts: int) -> str:
    """What was left out, and how to have it in."""
    were = "contract from Python was" if contracts == 1 else "contracts from Python were"
    modules = "its module" if contracts == 1 else "their modules"
    return f"note: {contracts} {were} not looked at; '--allow-imports' imports {modules}"
