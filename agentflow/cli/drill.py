"""`agentflow drill`: every failure that specs claim to handle, brought about in virtual time."""

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from agentflow.cli.report import emit, report_error
from agentflow.cli.specs import read_spec, seen, spec_paths
from agentflow.drill.receipt import receipt_of, written
from agentflow.drill.report import FAILED, Drill
from agentflow.drill.search import drill
from agentflow.engines.drilling import Drilling, drilling
from agentflow.errors import ExitCode, FileProblem, SpecError, UsageError
from agentflow.findings import STDIN
from agentflow.formats.drills import DRILLS_FORMATS
from agentflow.loading import Spec, receipt_file, receipt_text, runnable
from agentflow.plan.steps import Plan
from agentflow.project import write_text
from agentflow.testing.drills import Drilled, Filed
from agentflow.trace import Trace, trace_of


class Options(Struct, frozen=True):
    """What the command line says. With `check` nothing is written, and receipts have to be right.

    `imports` lets the modules of Python classes that contracts name be imported. `runs` are the
    most that are made for one spec.
    """

    format: str
    check: bool
    imports: bool
    runs: int


def drill_specs(paths: Sequence[str], options: Options) -> int:
    """Drill specs, write their receipts and print what came of it; gives the exit code.

    A spec that cannot be read or has errors does not hide the others.

    Raises:
        FileProblem: none of the specs can be read, or a receipt cannot be written.
    """
    specs: list[Spec] = []
    unreadable: list[FileProblem] = []
    for path in spec_paths(paths):
        try:
            specs.append(read_spec(path, imports=options.imports))
        except FileProblem as error:
            unreadable.append(error)
    if not specs:
        raise unreadable[0]
    for problem in unreadable:
        report_error(problem, sys.stderr)
    suites = [_drilled(spec, options) for spec in specs]
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    emit(DRILLS_FORMATS[options.format](suites, unicode=unicode))
    if unreadable:
        return ExitCode.COULD_NOT
    return ExitCode.OK if all(suite.passed for suite in suites) else ExitCode.FINDINGS


def _drilled(spec: Spec, options: Options) -> Drilled:
    """What came of the drill of one spec."""
    try:
        plan = runnable(seen(spec))
        performer = drilling(plan)
    except (SpecError, UsageError) as error:
        report_error(error, sys.stderr)
        return Drilled(spec.file, None, error.message)
    found = drill(plan, performer.perform, options.runs)
    name, filed = _file(spec, plan, found, check=options.check)
    traces = _traces(plan, performer, found)
    return Drilled(spec.file, found, None, _places(spec, found), traces, name, filed)


def _places(spec: Spec, found: Drill) -> dict[str, tuple[int, int]]:
    """Where claims stand in the spec; a `#` in a step's name marks those of another pipeline."""
    claims = [each.claim for each in found.outcomes if "#" not in each.claim.step.split("[")[0]]
    spans = {claim.name: spec.document.locate_key(claim.path).span for claim in claims}
    return {name: (span.line, span.column) for name, span in spans.items()}


def _traces(plan: Plan, performer: Drilling, found: Drill) -> dict[int, Trace]:
    """The traces of the runs that show what does not hold."""
    numbers = {each.run for each in found.outcomes if each.status in FAILED and each.run}
    return {
        number: trace_of(plan, performer.perform(found.runs[number - 1]))
        for number in sorted(numbers)
    }


def _file(spec: Spec, plan: Plan, found: Drill, *, check: bool) -> tuple[str, Filed]:
    """Write the receipt of a drill beside the spec, or hold the one there is against it."""
    if spec.file == STDIN:
        return "", "none"
    name = receipt_file(spec)
    before, now = receipt_text(spec), written(receipt_of(plan, found))
    shown = str(Path(spec.file).with_name(name))
    if before is None and not found.outcomes:
        return shown, "none"
    if check:
        if before is None:
            return shown, "missing"
        return shown, "checked" if before == now else "stale"
    if before == now:
        return shown, "unchanged"
    write_text(spec.folder, name, now)
    return shown, "written"
