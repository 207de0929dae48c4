"""A test of a pipeline: the real orchestrator in virtual time, with scripted answers.

Core, driver and the format of the log are those of every run; the log lies in memory and is gone
afterwards. The same test gives the same log, to the microsecond.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from agentflow import __version__
from agentflow.agents.recording import Recording
from agentflow.core.events import CancelRequested, Entry, RunStarted
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.launch import (
    needed_prices,
    needed_windows,
    simulated_answers,
    simulated_people,
)
from agentflow.engines.recording import Players
from agentflow.engines.scripted import NoAnswer, Script
from agentflow.engines.virtual import run_virtual
from agentflow.eventlog.head import Rest
from agentflow.plan.inputs import with_defaults
from agentflow.plan.scripts import ScriptPlan
from agentflow.plan.steps import Plan
from agentflow.spec.durations import time_in_words
from agentflow.testing.calls import calls_of
from agentflow.testing.differences import Difference
from agentflow.testing.expectations import Result, judge
from agentflow.testing.verdict import Verdict
from agentflow.trace import trace_of

#: Who starts the runs of tests, so that they can try to answer a question that wants somebody else.
STARTER = "requester"
#: When every test begins: 2026-01-01, 00:00 UTC.
_START = 1_767_225_600.0


class MemoryLog(Struct):
    """A log that nobody keeps."""

    next_seq: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)

    def append(self, records: Sequence[dict[str, Any]]) -> None:
        self.next_seq += len(records)

    def put_blob(self, data: bytes) -> str:
        digest = f"{len(self.blobs)}"
        self.blobs[digest] = data
        return digest

    def seal(self, *, ended: bool = False, rest: Rest | None = None) -> None:
        """Nothing of it outlives the test."""


class Performance(Struct, frozen=True):
    """The run of a test: its entries, and what there is to say of the answers it was given.

    `complaints` end the test if it was `cut_short`: everything else would only follow from them.
    """

    entries: tuple[Entry, ...]
    complaints: tuple[Difference, ...]
    cut_short: bool


def rehearse(
    plan: Plan,
    script: ScriptPlan,
    spec: str,
    sources: Mapping[str, str],
    recording: Recording | None = None,
    folder: Path = Path(),
) -> Verdict:
    """Run a test and judge what came of it; see `perform`."""
    performance = perform(plan, script, spec, sources, recording, folder)
    trace = trace_of(plan, performance.entries)
    found: tuple[Difference, ...] = ()
    if not performance.cut_short:
        found = judge(script, Result(trace, calls_of(performance.entries)))
    return Verdict(script.name, (*found, *performance.complaints), trace)


def perform(
    plan: Plan,
    script: ScriptPlan,
    spec: str,
    sources: Mapping[str, str],
    recording: Recording | None = None,
    folder: Path = Path(),
) -> Performance:
    """Run a test to its end, or up to a call that has no answer.

    `plan` has no errors, so the test's inputs keep their contract and its addresses exist. `spec`
    is the name of the spec among `sources`. `recording` is what the test names as such,
    and `folder` that of the spec, where the images of its models lie.
    """
    entries: list[Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    answers = Script(
        plan,
        script,
        simulated_answers(driver.state, script.seed) if script.simulate else None,
        simulated_people(driver.state, script.seed) if script.simulate else None,
        Players(driver.state, recording, folder) if recording is not None else None,
    )
    first = RunStarted(
        at=_START,
        run_id=f"test-{script.name}",
        spec=spec,
        folder="",
        sources=sources,
        inputs=with_defaults(plan.inputs, script.inputs),
        mode="simulated",
        seed=script.seed,
        by=STARTER,
        concurrency=script.concurrency,
        agentflow=__version__,
        prices=needed_prices(plan),
        windows=needed_windows(plan),
    )
    try:
        cancel, again = _cancel(script), answers.say_again
        run_virtual(driver, first, answers.answer, answers.say, cancel, once_more=again)
    except NoAnswer as problem:
        return Performance(tuple(entries), (problem.difference,), cut_short=True)
    complaints = [*answers.unused(), *_not_cancelled(script, driver.state)]
    return Performance(tuple(entries), tuple(complaints), cut_short=False)


def _cancel(script: ScriptPlan) -> CancelRequested | None:
    cancel = script.cancel
    if cancel is None:
        return None
    return CancelRequested(_START + cancel.after, cancel.by, cancel.why)


def _not_cancelled(script: ScriptPlan, state: State) -> Iterator[Difference]:
    """A run that had ended before it was to be cancelled: the test does not test what it says."""
    if script.cancel is not None and state.cancelled is None:
        found = f"it had ended after {time_in_words(state.now - state.started_at)}: {state.status}"
        yield Difference(
            "cancel", f"a run that goes on after {time_in_words(script.cancel.after)}", found
        )
