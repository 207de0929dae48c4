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
from agentflow.cli.report import emit, report_error, wants_color
from agentflow.cli.specs import spec_paths
from agentflow.errors import CouldNot, ExitCode, FileProblem, UsageError
from agentflow.findings import Finding, Note, Report, Severity
from agentflow.formats import findings_format
from agentflow.formats.safe import safe
from agentflow.formats.words import count
from agentflow.lint.selection import (
    SEVERITIES,
    Selection,
    UnknownName,
    at_least,
    foregone,
    known,
)

if TYPE_CHECKING:
    from agentflow.cli.mending import Changed

_FOR_PEOPLE = (
    "note: the diff is for people only: what looks like a credential or a command to a log is not"
    " shown as it is"
)
#: So many fixes that were left out are told one by one.
_MOST_LEFT_OUT = 5


class Options(Struct, frozen=True):
    """What the command line says. None stands for what the configuration says.

    `severity` is the slightest that is shown. `fail_on` is `error`, `warning`, `advice` or `never`.
    With `imports`, the modules of Python classes that contracts name are imported. `config` is the
    file to take the configuration from; without `configure` there is none. With `only_specs`, files
    that do not say that they are specs are passed over. With `fix` the specs are mended, by fixes
    that may be wrong if `unsafe`; with `diff` it is shown instead. With `drilled` the receipts of
    drills are held against the specs.
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


def validate_specs(paths: Sequence[str], options: Options) -> int:
    """Check specs and print the findings; gives the exit code.

    A spec that cannot be read does not hide the findings of the others.

    Raises:
        UsageError: there is nothing to check, or an option or the configuration makes no sense.
        FileProblem: none of the specs can be read.
    """
    specs = spec_paths(paths, only_specs=options.only_specs)
    configurations = Configurations(options.config) if options.configure else None
    tasks = _tasks(specs, options, configurations)
    results: list[tuple[Task, Checked]] = []
    unreadable: list[FileProblem] = []
    for task, checked in check_all(tasks):
        if isinstance(checked, FileProblem):
            unreadable.append(checked)
        else:
            results.append((task, checked))
    if unreadable and not results:
        raise unreadable[0]
    for problem in unreadable:
        report_error(problem, sys.stderr)
    crashed = any(checked.crashed for _, checked in results)
    complete = not unreadable and not crashed
    changes = [checked.changed for _, checked in results if checked.changed is not None]
    if options.diff:
        return _show(changes, complete=complete)
    if changes:
        results = [_written(task, checked) for task, checked in results]
        changes = [checked.changed for _, checked in results if checked.changed is not None]
        complete = complete and all(checked.written for _, checked in results)
    found = [checked for _, checked in results]
    # What '--ignore' stands in for is not asked, and may have something to find.
    whole = complete and not options.ignore
    stale = tuple(_without_effect(paths, specs, configurations, results, complete=whole))
    report = _report(found, options.severity, stale, complete=complete)
    emit(findings_format(options.format)(report, color=wants_color(sys.stdout)))
    if options.format == "text":
        asking = sum(checked.asks for _, checked in results)
        unseen, passed = sum(checked.unseen for _, checked in results), len(specs) - len(tasks)
        for note in _notes(unseen, passed, changes, asking):
            emit(note, sys.stderr)
        for note in _unshown(results, options.severity):
            emit(note, sys.stderr)
        for each in stale:
            emit(f"note: {each.message}", sys.stderr)
    if not complete:
        return ExitCode.COULD_NOT
    failed = any(fails(checked.findings, task.fail_on) for task, checked in results)
    return ExitCode.FINDINGS if failed else ExitCode.OK


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


def _show(changes: Sequence["Changed"], *, complete: bool) -> int:
    """Print what would be changed; gives the exit code."""
    from agentflow.cli.mending import diff, start_of

    shown = [change for change in changes if change.before != change.after]
    whole = True
    for change in shown:
        text, applies = diff(change, for_people=sys.stdout.isatty())
        emit(text)
        whole = whole and applies
    fixes = sum(len(change.mended.fixed) for change in shown)
    emit(f"would fix {count(fixes, 'problem')} in {count(len(shown), 'file')}", sys.stderr)
    if not whole:
        emit(_FOR_PEOPLE, sys.stderr)
    for start in sorted({start_of(change.path) for change in shown} - {Path.cwd()}):
        emit(
            f"note: the names of files outside this folder start in '{safe(str(start))}'",
            sys.stderr,
        )
    for left in _left_out(changes):
        emit(f"note: {left}", sys.stderr)
    if not complete:
        return ExitCode.COULD_NOT
    return ExitCode.FINDINGS if shown else ExitCode.OK


def fails(findings: Sequence[Finding], fail_on: str) -> bool:
    """Is any finding so grave?"""
    return fail_on != "never" and any(at_least(each, Severity(fail_on)) for each in findings)


def _unshown(results: Sequence[tuple[Task, Checked]], floor: Severity) -> Iterator[str]:
    """That something fails, where nothing that is shown does."""
    failing = {task.fail_on for task, checked in results if fails(checked.findings, task.fail_on)}
    if failing and not any(
        fails([each for each in checked.findings if at_least(each, floor)], task.fail_on)
        for task, checked in results
    ):
        slightest = max(map(Severity, failing), key=SEVERITIES.index)
        yield f"note: findings that are not shown fail; '--severity {slightest}' shows them"


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
        found = configurations.of(path) if configurations is not None else None
        if passed_over(path, found):
            continue
        fail_on = options.fail_on or (found.configuration.fail_on.value if found else "error")
        selection = _selection(path, given, found, ignores=bool(options.ignore))
        tasks.append(
            Task(
                path,
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
    results: Sequence[Checked], floor: Severity, notes: tuple[Note, ...], *, complete: bool
) -> Report:
    """What there is to say about all the specs, those of others that they run among them."""
    findings = [finding for checked in results for finding in checked.findings]
    shown = tuple(finding for finding in findings if at_least(finding, floor))
    return Report(
        shown,
        {name: text for checked in results for name, text in checked.sources.items()},
        tuple(each for checked in results for each in checked.suppressed),
        len(findings) - len(shown),
        complete,
        notes,
    )


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


def _left_out(changes: Sequence["Changed"]) -> Iterator[str]:
    """Each fix that would bring a new problem, with that; of many, how many more there are."""
    refused = [(change.path, each) for change in changes for each in change.mended.refused]
    for path, each in refused[:_MOST_LEFT_OUT]:
        span = each.finding.location.span
        why = "it changes nothing"
        if each.brings is not None:
            why = f"'{each.brings.rule}' would show: {safe(each.brings.message)}"
        yield f"{safe(path)}:{span.line}:{span.column} '{each.finding.rule}' is not fixed, since {why}"
    more = len(refused) - _MOST_LEFT_OUT
    if more > 0:
        yield f"{count(more, 'more fix', 'more fixes')} left out, since new problems would show"


def _notes(unseen: int, passed: int, changes: Sequence["Changed"], asking: int) -> Iterator[str]:
    """What was mended; what was left out, and how to have it in; what runs rely on."""
    files = [change for change in changes if change.mended.fixed]
    fixed = sum(len(change.mended.fixed) for change in files)
    if fixed:
        yield f"note: fixed {count(fixed, 'problem')} in {count(len(files), 'file')}"
    yield from (f"note: {left}" for left in _left_out(changes))
    untried = sum(change.mended.untried for change in changes)
    if untried:
        yield f"note: {count(untried, 'fix', 'fixes')} not tried, since too many in a row were left out"
    if unseen:
        were = "contract from Python was" if unseen == 1 else "contracts from Python were"
        modules = "its module" if unseen == 1 else "their modules"
        yield f"note: {unseen} {were} not looked at; '--allow-imports' imports {modules}"
    if passed:
        specs = "spec is" if passed == 1 else "specs are"
        yield f"note: {passed} {specs} passed over by 'exclude' of the configuration"
    if asking:
        specs = "1 spec asks" if asking == 1 else f"{asking} specs ask"
        yield f"note: {specs} people; where no process waits, 'agentflow tick' goes on with the runs"
