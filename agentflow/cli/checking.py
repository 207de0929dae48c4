"""Checking specs, several at a time where that is faster."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from agentflow.cli.specs import read_spec
from agentflow.errors import CouldNot, FileProblem
from agentflow.findings import Finding, Severity, Suppressed
from agentflow.lint.linter import Outcome
from agentflow.lint.selection import (
    Selection,
    bounded,
    counts,
    is_named,
    selected,
    severity_of,
)
from agentflow.loading import examine_spec, load_bytes
from agentflow.plan.library import texts_by_file
from agentflow.spec.yaml import nodes

if TYPE_CHECKING:
    from agentflow.cli.mending import Changed

#: Where an expression cannot be read, what stands in it is not looked at.
UNREAD = "expression-syntax"
#: Bytes of specs from which on other processes are worth their start.
WORTH_WHILE = 128 * 1024


class Task(Struct, frozen=True):
    """One spec to check, and by what; with `fix` it is mended, by unsafe fixes too if `unsafe`.

    With `drilled` the receipt of its drill is held against it. `name` is what it is called: the path, or
    what stdin stands for.
    """

    path: str
    name: str
    selection: Selection
    thresholds: Mapping[str, Mapping[str, int]]
    fail_on: str
    imports: bool
    fix: bool
    unsafe: bool
    drilled: bool = False


class Checked(Struct, frozen=True):
    """What came of a task.

    `unseen` counts the contracts of Python that nobody has looked at; `unread` says that errors keep
    a part of the spec from being looked at. `ignored` are the rules of findings that do not count, `anyway`
    those of errors that count although they are configured to be ignored or less grave.

    `changed` is the text that fixes make of the spec; then all else is about that text. Whether it
    could be `written` is only known later.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    sources: Mapping[str, str]
    unseen: int
    crashed: bool
    unread: bool
    ignored: frozenset[str] = frozenset()
    anyway: frozenset[str] = frozenset()
    changed: "Changed | None" = None
    written: bool = True


def check(task: Task) -> Checked | FileProblem:
    """Check one spec; gives the problem if it cannot be read."""
    try:
        return _check(task)
    except FileProblem as error:
        return error


def check_all(tasks: Sequence[Task]) -> Iterator[tuple[Task, Checked | FileProblem]]:
    """Check specs, and give what came of them in their order.

    Raises:
        CouldNot: a process that checks specs was ended from outside.
    """
    workers = min(len(os.sched_getaffinity(0)), len(tasks)) if _is_worth_while(tasks) else 1
    if workers < 2:
        yield from ((task, check(task)) for task in tasks)
        return
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
    from multiprocessing import get_context

    # The children have all that is loaded here already, and what they give back is plain data.
    lifeline = os.pipe()
    pool = ProcessPoolExecutor(workers, get_context("fork"), _start, lifeline)
    try:
        with pool:
            yield from zip(tasks, pool.map(check, tasks), strict=True)
    except BrokenProcessPool:
        raise CouldNot("a process that checked specs was ended from outside") from None
    finally:
        for end in lifeline:
            os.close(end)


def _is_worth_while(tasks: Sequence[Task]) -> bool:
    if len(tasks) < 2 or any(task.path == "-" for task in tasks):
        return False
    sizes = (os.path.getsize(task.path) for task in tasks if os.path.isfile(task.path))
    return sum(sizes) >= WORTH_WHILE


def _start(lifeline: int, held: int) -> None:
    """Begin a process of the pool: it ends with the first one, however that does.

    A pool leaves its processes behind when the first one is killed: each of them waits for work on pipes
    that the others hold open. `held` is the end of a pipe that the first one alone keeps open, so
    `lifeline` is at its end when that one is gone.
    """
    import signal
    from threading import Thread

    # Ctrl-C goes to all processes; only the first of them has something to say about it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.close(held)
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def _check(task: Task) -> Checked:
    stdin_name = task.name if task.name != task.path else None
    spec = read_spec(task.path, imports=task.imports, stdin_name=stdin_name)
    outcome = examine_spec(spec, task.thresholds, drilled=task.drilled)
    changed = None
    if task.fix and any(finding.fix is not None for finding in outcome.findings):
        from agentflow.cli.mending import mended

        changed = mended(
            spec,
            task.selection,
            task.thresholds,
            unsafe=task.unsafe,
            imports=task.imports,
            of_stdin=task.path == "-",
        )
        spec = load_bytes(changed.after, spec.file, spec.folder, imports=task.imports)
        outcome = examine_spec(spec, task.thresholds, drilled=task.drilled)
    refused = (
        {(each.finding.rule, each.finding.location.span) for each in changed.mended.refused}
        if changed
        else ()
    )
    return Checked(
        tuple(
            # What has been tried in vain is not to be tried again.
            replace(each, fix=None) if (each.rule, each.location.span) in refused else each
            for each in bounded(selected(outcome, task.selection))
        ),
        tuple(each for each in outcome.suppressed if counts(each.finding.rule, task.selection)),
        texts_by_file(spec.document, spec.plan),
        spec.unseen,
        any(counts(rule, task.selection) for rule in outcome.crashed),
        isinstance(spec.document.root, nodes.Mapping)
        and (spec.plan is None or any(each.rule == UNREAD for each in spec.problems)),
        *_untouched(outcome, task.selection),
        changed,
    )


def _untouched(outcome: Outcome, selection: Selection) -> tuple[frozenset[str], frozenset[str]]:
    """The rules of findings that are ignored, and those of errors that count all the same."""
    fatal = {finding.rule for finding in outcome.fatal}
    ignored = {
        finding.rule
        for finding in outcome.findings
        if finding not in outcome.fatal and is_named(finding.rule, selection.ignore)
    }
    anyway = {
        rule
        for rule in fatal
        if not counts(rule, selection) or severity_of(rule, selection) not in (None, Severity.ERROR)
    }
    return frozenset(ignored), frozenset(anyway)
