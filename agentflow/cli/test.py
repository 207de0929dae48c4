"""`agentflow test`: the tests of specs, run in virtual time with scripted answers."""

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase

from agentflow.agents.recording import Recording, read_recording
from agentflow.cli.report import emit, report_error
from agentflow.cli.specs import read_spec, spec_paths
from agentflow.engines.rehearsal import rehearse
from agentflow.errors import ExitCode, FileProblem, SpecError, UsageError
from agentflow.formats.tests import TESTS_FORMATS
from agentflow.loading import Spec, runnable
from agentflow.plan.scripts import ScriptPlan
from agentflow.plan.steps import Plan
from agentflow.project import ProjectReader
from agentflow.spec.model import PipelineTest
from agentflow.spec.wording import did_you_mean
from agentflow.testing.differences import Difference
from agentflow.testing.verdict import Suite, Verdict
from agentflow.trace import trace_of


def test_specs(paths: Sequence[str], wanted: Sequence[str], format: str, *, traces: bool) -> int:
    """Run the tests of specs and print what came of them; gives the exit code.

    `wanted` are names of tests, or patterns with `*` and `?`; without any, all tests are run. A
    spec that cannot be read or has errors does not hide the others.

    Raises:
        UsageError: there are no such tests.
        FileProblem: none of the specs can be read.
    """
    specs: list[Spec] = []
    unreadable: list[FileProblem] = []
    for path in spec_paths(paths):
        try:
            specs.append(read_spec(path, imports=True))
        except FileProblem as error:
            unreadable.append(error)
    if not specs:
        raise unreadable[0]
    for problem in unreadable:
        report_error(problem, sys.stderr)
    _expect_tests(specs, wanted)
    suites = [suite for spec in specs if (suite := _suite(spec, wanted)) is not None]
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    emit(TESTS_FORMATS[format](suites, traces=traces, unicode=unicode))
    if unreadable:
        return ExitCode.COULD_NOT
    return ExitCode.OK if all(suite.passed for suite in suites) else ExitCode.FINDINGS


def _expect_tests(specs: Sequence[Spec], wanted: Sequence[str]) -> None:
    """Raise UsageError if a name that is asked for is that of no test, or there are none at all."""
    if any(spec.pipeline is None for spec in specs):
        return  # nobody knows what tests a spec has that cannot be understood
    names = [name for spec in specs for name in _tests(spec)]
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(f"there is no test '{pattern}'{did_you_mean(pattern, names)}")
    if not names:
        raise UsageError(
            f"there are no tests in {', '.join(spec.file for spec in specs[:3])}",
            help="a pipeline has its tests under 'tests'",
        )


def _tests(spec: Spec) -> dict[str, PipelineTest]:
    return spec.pipeline.tests if spec.pipeline is not None else {}


def _suite(spec: Spec, wanted: Sequence[str]) -> Suite | None:
    """The tests of one spec that are wanted; None if there are none."""
    if spec.pipeline is not None and not any(_wanted(name, wanted) for name in _tests(spec)):
        return None
    try:
        plan = runnable(spec)
    except SpecError as error:
        report_error(error, sys.stderr)
        return Suite(spec.file, (), error.message)
    scripts = [script for name, script in plan.scripts.items() if _wanted(name, wanted)]
    try:
        verdicts = [_rehearsed(spec, plan, script) for script in scripts]
    except UsageError as error:  # a budget that cannot be kept
        report_error(error, sys.stderr)
        return Suite(spec.file, (), error.message)
    return Suite(spec.file, tuple(verdicts))


def _rehearsed(spec: Spec, plan: Plan, script: ScriptPlan) -> Verdict:
    """What came of a test; one whose recording cannot be read does not run."""
    recording: Recording | None = None
    if script.recording is not None:
        try:
            text = ProjectReader(spec.folder)(script.recording)
            recording = read_recording(text.encode(), script.recording)
        except FileProblem as problem:
            wrong = Difference("recording", f"a recording in '{script.recording}'", problem.message)
            return Verdict(script.name, (wrong,), trace_of(plan, ()))
    return rehearse(plan, script, spec.name, spec.sources, recording, spec.folder)


def _wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)
