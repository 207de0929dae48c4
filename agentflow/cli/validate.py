"""`agentflow validate`: specs in, findings out. Nothing in a spec is executed, unless imports are
allowed.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from agentflow.cli.checking import Checked, Task, check, check_all
from agentflow.cli.configuration import (
    Configurations,
    Configured,
    ignored_in,
    numbers_of,
    passed_over,
    wants_drills,
)
from agentflow.cli.report import emit, report_error, save, wants_color
from agentflow.cli.specs import spec_paths
from agentflow.errors import AgentflowError, CouldNot, ExitCode, FileProblem, UsageError
from agentflow.findings import (
    START_OF_FILE,
    STDIN,
    Finding,
    Location,
    Note,
    Report,
    Severity,
)
from agentflow.formats import findings_format
from agentflow.formats.masking import masked
from agentflow.formats.safe import safe
from agentflow.formats.words import count
from agentflow.lint.rules.unreadable_file import NAME as UNREADABLE
from agentflow.lint.selection import (
    SEVERITIES,
    Selection,
    UnknownName,
    at_least,
    foregone,
    known,
)

if TYPE_CHECKING:
    pass

_FOR_PEOPLE = (
    "note: the diff is for people only: what looks like a credential or a command to a log is not"
    " shown as it is"
)


class Options(Struct, frozen=True):
    """What the command line says. None stands for what the configuration says.

    `severity` is the slightest that is shown. `fail_on` is `error`, `warning`, `advice` or `never`.
    With `imports`, the modules of Python classes that contracts name are imported. `config` is the
    file to take the configuration from; without `configure` there is none. With `only_specs`, files
    that do not say that they are specs are passed over. With `fix` the specs are mended, by fixes
    that may be wrong if `unsafe`; with `diff` it is shown instead. With `drilled` the receipts of
    drills are held against the specs. What is on stdin is called `stdin_name`. What comes out goes into
    the file `output`; `quiet` leaves out what is no finding.
    """

    format: str = "text"
    imports: bool = False
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    severity: Severity = Severity.ADVICE
    fail_on: str | None = None
    config: Path | None = None
    configure: bool = True
    only_specs: bool = False
    fix: bool = False
    unsafe: bool = False
    diff: bool = False
    drilled: bool = False
    stdin_name: str | None = None
    output: Path | None = None
    quiet: bool = False


def validate_specs(paths: Sequence[str], options: Options) -> int:
    """Check specs and print the findings; gives the exit code.

    What is not there or cannot be read does not hide the findings of the others.

    Raises:
        UsageError: an option or the configuration makes no sense.
        CouldNot: the output cannot be written.
    """
    missing: list[tuple[str, AgentflowError]] = []
    specs = spec_paths(paths, only_specs=options.only_specs, missing=missing)
    configurations = Configurations(options.config) if options.configure else None
    tasks = _tasks(specs, options, configurations)
    results: list[tuple[Task, Checked]] = []
    for task, checked in check_all(tasks):
        if isinstance(checked, FileProblem):
            missing.append((task.name, checked))
        else:
            results.append((task, checked))
    for _, problem in missing:
        report_error(problem, sys.stderr)
    code = max((problem.exit_code for _, problem in missing), default=ExitCode.OK)
    if any(checked.crashed for _, checked in results):
        code = ExitCode.COULD_NOT
    if options.diff:
        return _show(results, options, code)
    results = [_written(task, checked) for task, checked in results]
    if not all(checked.written for _, checked in results):
        code = ExitCode.COULD_NOT
    if missing and not results and options.format == "text":
        return code
    # What '--ignore' stands in for is not asked, and may have something to find.
    whole = code == ExitCode.OK and not options.ignore
    stale = tuple(_without_effect(paths, specs, configurations, results, complete=whole))
    report = _report(results, options, stale, missing, complete=code == ExitCode.OK)
    _print(_rendered(report, options), options)
    if options.format == "text" and not options.quiet:
        from agentflow.cli.remarks import notes

        for note in notes(results, len(specs) - len(tasks)):
            emit(note, sys.stderr)
        for each in report.notes:
            emit(f"note: {each.message}", sys.stderr)
    failed = any(fails(checked.findings, task.fail_on) for task, checked in results)
    return code or (ExitCode.FINDINGS if failed else ExitCode.OK)


def _rendered(report: Report, options: Options) -> str:
    color = options.output is None and wants_color(sys.stdout)
    if options.quiet and options.format == "text":
        from agentflow.formats.findings_text import blocks

        return blocks(masked(report), color=color)
    return findings_format(options.format)(report, color=color)


def _print(text: str, options: Options) -> None:
    if options.output is not None:
        save(text, options.output)
    elif text or not options.quiet:
        emit(text)


def _written(task: Task, checked: Checked) -> tuple[Task, Checked]:
    """What came of a spec once it is on the disk; as it was before, if it cannot be written."""
    if checked.changed is None:
        return task, checked
    from agentflow.cli.mending import write

    try:
        write(checked.changed)
    except (FileProblem, CouldNot) as problem:
        report_error(problem, sys.stderr)
        again = check(replace(task, fix=False))
        return task, replace(checked if isinstance(again, FileProblem) else again, written=False)
    return task, checked


def _show(results: Sequence[tuple[Task, Checked]], options: Options, code: int) -> int:
    """Print what would be changed; gives the exit code, which is `code` if that is none of success."""
    from agentflow.cli.mending import diff, start_of
    from agentflow.cli.remarks import left_out

    changes = [checked.changed for _, checked in results if checked.changed is not None]
    shown = [change for change in changes if change.before != change.after]
    for_people = options.output is None and sys.stdout.isatty()
    parts = [diff(change, for_people=for_people) for change in shown]
    if parts or options.output is not None:
        _print("\n".join(text for text, _ in parts), options)
    if not options.quiet:
        fixes = sum(len(change.mended.fixed) for change in shown)
        emit(f"would fix {count(fixes, 'problem')} in {count(len(shown), 'file')}", sys.stderr)
    if not all(applies for _, applies in parts):
        emit(_FOR_PEOPLE, sys.stderr)
    if not options.quiet:
        for start in sorted({start_of(change.path) for change in shown} - {Path.cwd()}):
            where = safe(str(start), oneline=True)
            emit(f"note: the names of files outside this folder start in '{where}'", sys.stderr)
        for left in left_out(changes):
            emit(f"note: {left}", sys.stderr)
    return code or (ExitCode.FINDINGS if shown else ExitCode.OK)


def fails(findings: Sequence[Finding], fail_on: str) -> bool:
    """Is any finding so grave?"""
    return fail_on != "never" and any(at_least(each, Severity(fail_on)) for each in findings)


def _tasks(
    paths: Sequence[str], options: Options, configurations: Configurations | None
) -> list[Task]:
    """What is to be done, without what the configurations pass over."""
    given = Selection(
        _named("--select", options.select) if options.select else None,
        _named("--ignore", options.ignore),
    )
    mending = options.fix or options.diff
    if options.fix and not options.diff and "-" in paths:
        raise UsageError(
            "stdin cannot be mended", help="'--diff' shows what would be, or name the file"
        )
    if options.drilled and "-" in paths:
        raise UsageError("stdin has no receipt of a drill", help="name the file")
    tasks = []
    for path in paths:
        name = options.stdin_name if path == "-" and options.stdin_name else path
        found = configurations.of(name) if configurations is not None else None
        if passed_over(name, found):
            continue
        fail_on = options.fail_on or (found.configuration.fail_on.value if found else "error")
        selection = _selection(name, given, found, ignores=bool(options.ignore))
        tasks.append(
            Task(
                path,
                name,
                selection,
                numbers_of(found),
                fail_on,
                imports=options.imports,
                fix=mending,
                unsafe=options.unsafe,
                drilled=path != "-" and (options.drilled or wants_drills(found)),
            )
        )
    return tasks


def _named(option: str, names: Sequence[str]) -> frozenset[str]:
    """The names in an option, which are separated by commas."""
    apart = [name for each in names for part in each.split(",") if (name := part.strip())]
    if option == "--select" and not apart:
        message = "'--select' names nothing, so that no rule would count"
        raise UsageError(message, help="leave it out for all rules")
    try:
        return known(apart)
    except UnknownName as error:
        raise UsageError(f"'{option}': {error}", help=error.help) from None


def _selection(
    path: str, given: Selection, found: Configured | None, *, ignores: bool
) -> Selection:
    """What the command line says goes before what the configuration says, key by key.

    What a file has to itself is ignored there in any case.
    """
    if found is None:
        return given
    from agentflow.lint.configuration import selection_of

    theirs = selection_of(found.configuration)
    return Selection(
        given.select if given.select is not None else theirs.select,
        (given.ignore if ignores else theirs.ignore) | ignored_in(path, found),
        theirs.severities,
    )


def _report(
    results: Sequence[tuple[Task, Checked]],
    options: Options,
    stale: tuple[Note, ...],
    missing: Sequence[tuple[str, AgentflowError]],
    *,
    complete: bool,
) -> Report:
    """What there is to say about all the specs, those of others that they run among them.

    What cannot be read is a finding for programs; people are told of it on stderr.
    """
    found = [
        (finding, fails([finding], task.fail_on))
        for task, checked in results
        for finding in checked.findings
    ]
    shown = [each for each in found if at_least(each[0], options.severity)]
    if options.format != "text":
        shown += [(_unreadable(name, problem), True) for name, problem in missing]
    failing = [finding for finding, fatal in found if fatal]
    if failing and not any(fatal for _, fatal in shown):
        gravest = min((each.severity for each in failing), key=SEVERITIES.index)
        message = f"findings that are not shown fail; '--severity {gravest}' shows them"
        stale = (Note(message, fails=True), *stale)
    checks = [checked for _, checked in results]
    return Report(
        tuple(finding for finding, _ in shown),
        {name: text for checked in checks for name, text in checked.sources.items()},
        tuple(each for checked in checks for each in checked.suppressed),
        sum(not at_least(finding, options.severity) for finding, _ in found),
        complete,
        stale,
        tuple(fatal for _, fatal in shown),
        tuple(
            finding
            for checked in checks
            if checked.changed is not None
            for finding in checked.changed.mended.fixed
        ),
    )


def _unreadable(name: str, problem: AgentflowError) -> Finding:
    place = Location(STDIN if name == "-" else name, START_OF_FILE)
    return Finding(UNREADABLE, Severity.ERROR, problem.message, place, problem.help)


def _without_effect(
    paths: Sequence[str],
    specs: Sequence[str],
    configurations: Configurations | None,
    results: Sequence[tuple[Task, Checked]],
    *,
    complete: bool,
) -> Iterator[Note]:
    """What the command line and the configurations say in vain."""
    for name in sorted({name for task, _ in results for name in foregone(task.selection)}):
        yield Note(f"'{name}' is selected and ignored at once: it does not count")
    if configurations is None:
        return
    anyway = sorted({rule for _, checked in results for rule in checked.anyway})
    for rule in anyway:
        yield Note(
            f"errors of '{rule}' count whatever is configured or ignored: they leave nothing to run"
        )
    of_projects: dict[Path, tuple[Configured, list[str]]] = {}
    for spec in specs:
        found = configurations.of(spec)
        if found is not None:
            of_projects.setdefault(found.file, (found, []))[1].append(spec)
    ignored = {task.path: checked.ignored for task, checked in results}
    for found, own in of_projects.values():
        from agentflow.cli.stale import covers, without_effect

        if complete and covers(paths, found):
            yield from without_effect(found, own, ignored)
