"""`agentflow run` and `agentflow resume`: carry a run out and show it."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from agentflow.agents.recording import Recorded as RecordedAnswer
from agentflow.cli.breakdown import broke_off
from agentflow.cli.desk import find_terminal
from agentflow.cli.display import Display, choose_display, shows_live
from agentflow.cli.inputs import read_inputs
from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store, open_store, store_option, user_name
from agentflow.core.events import Entry
from agentflow.core.state import State
from agentflow.engines.driver import Listener
from agentflow.engines.launch import Settings
from agentflow.errors import AgentflowError, CouldNot, ExitCode, StoreError, UsageError
from agentflow.eventlog import Durability, Store
from agentflow.eventlog.codec import UnknownEvent
from agentflow.formats import run_json, run_text
from agentflow.formats.next_text import next_steps
from agentflow.history import Recorded, read_run
from agentflow.loading import load
from agentflow.plan.calls import servers_called
from agentflow.plan.steps import Plan
from agentflow.runs import resume, run
from agentflow.trace import Trace, trace_of


class Terms(Struct, frozen=True):
    """What `run` and `resume` have in common: where a run is stored, and what is shown of it.

    `store` is the one that the caller named; further commands have to name it, too.
    """

    store: Path | None
    durability: Durability
    quiet: bool
    json: bool


class _Audience:
    """Makes the trace of a run and tells the display of each entry."""

    def __init__(self, terms: Terms) -> None:
        self._quiet, self._json = terms.quiet, terms.json
        #: Who sees what models are answering; None if that is not shown.
        self.onlooker = (
            None if not shows_live(quiet=terms.quiet, json=terms.json) else self._look_on
        )
        self.trace: Trace | None = None
        self.display: Display | None = None
        #: Where the run is recorded, if another recording stays in its place.
        self.aside: tuple[Path | None, Path] | None = None

    def attend(
        self, plan: Plan, entries: Sequence[Entry] = (), *, simulate: bool = False
    ) -> Listener:
        """Begin; `entries` are those that were there before."""
        trace = self.trace = trace_of(plan, entries)
        display = self.display = choose_display(trace, quiet=self._quiet, json=self._json)
        display.start(() if simulate else servers_called(plan))

        def listen(entry: Entry) -> None:
            trace.apply(entry)
            display.entry(entry)

        return listen

    def _look_on(self, step: str, text: str) -> None:
        assert self.display is not None
        self.display.look_on(step, text)

    def known(self, settings: Settings) -> Settings:
        """The settings with the user, and with the terminal if somebody sits at it."""
        terminal = find_terminal(self, aside=self._quiet or self._json)
        return replace(settings, by=settings.by or user_name(), terminal=terminal)

    def pause(self) -> None:
        """Show nothing for a while: the terminal is needed for something else."""
        if self.display is not None:
            self.display.pause()

    def go_on(self) -> None:
        """Show the run again."""
        if self.display is not None:
            self.display.go_on()

    def put_aside(self, place: Path | None, stays: Path) -> None:
        """The run is recorded beside the recording that it was to replace."""
        self.aside = place, stays

    def finish(self) -> None:
        """The run goes no further, for whatever reason."""
        if self.display is not None:
            self.display.stop()


def run_spec(
    path: Path, given: Sequence[str], file: Path | None, settings: Settings, terms: Terms
) -> int:
    """Run a spec and print what came of it; gives the exit code.

    `given` are inputs as `NAME=VALUE`, and in `file` are more of them.
    """
    _refuse_two(settings)
    if str(path) == "-":
        advice = "files and modules that a spec names are found from where it is"
        raise UsageError("a run starts from a file", help=advice)
    spec = load(path, imports=True)
    inputs = read_inputs(given, file, spec.plan.inputs.schema if spec.plan else {})
    audience = _Audience(terms)
    where = open_store(terms.store, terms.durability)
    unused: list[RecordedAnswer] = []
    try:
        state = run(
            spec,
            inputs,
            where,
            audience.known(settings),
            lambda plan, _: audience.attend(plan, simulate=settings.simulate),
            audience.onlooker,
            unused.extend,
            audience.put_aside,
        )
    except StoreError as error:
        trace = audience.trace
        if trace is None and spec.plan is not None:
            trace = trace_of(spec.plan, ())
            trace.mode = "simulated" if settings.simulate else "live"
        raise broke_off(error, trace, where.root, json=terms.json) from error
    finally:
        audience.finish()
    if unused and not terms.quiet:
        missed = [(one.step, one.attempt) for one in unused]
        emit(run_text.unused(str(settings.playback), missed), sys.stderr)
    return _conclude(state, audience, where.root, terms)


def _refuse_two(settings: Settings) -> None:
    """Answers come from models, from a recording, or are made up; only the first are recorded."""
    given = {
        "record": settings.record is not None,
        "playback": settings.playback is not None,
        "simulate": settings.simulate,
    }
    both = [f"'--{name}'" for name, is_given in given.items() if is_given]
    if len(both) > 1:
        raise UsageError(f"{both[0]} and {both[1]} exclude each other")


def resume_run(run_id: str, settings: Settings, terms: Terms, *, as_started: bool) -> int:
    """Take a run up again and print what came of it; gives the exit code."""
    audience = _Audience(terms)
    where = existing_store(terms.store, terms.durability)

    def attend(recorded: Recorded) -> Listener:
        return audience.attend(recorded.plan, recorded.entries)

    try:
        state = resume(
            where,
            run_id,
            attend,
            as_started=as_started,
            settings=audience.known(settings),
            onlooker=audience.onlooker,
            aside=audience.put_aside,
        )
    except StoreError as error:
        trace = audience.trace or _as_it_lies(where, run_id)
        raise broke_off(error, trace, where.root, json=terms.json) from error
    finally:
        audience.finish()
    return _conclude(state, audience, where.root, terms)


def _as_it_lies(store: Store, run_id: str) -> Trace | None:
    """A run that could not be taken up, as far as it can be read; None if it cannot."""
    try:
        recorded = read_run(store, store.find(run_id))
    except (AgentflowError, UnknownEvent):
        return None
    return trace_of(recorded.plan, recorded.entries)


def _conclude(state: State, audience: _Audience, store: Path, terms: Terms) -> int:
    """Say how the run ended, where it is stored and what can be done with it."""
    trace, quiet, json = audience.trace, terms.quiet, terms.json
    assert trace is not None
    option = store_option(terms.store)
    ended_well = state.status == "succeeded"
    if audience.aside is not None and not quiet:
        place, stays = audience.aside
        emit(run_text.aside(str(place) if place is not None else None, str(stays)), sys.stderr)
    limit = None if quiet and not sys.stdout.isatty() else run_text.LIMIT
    text = run_text.render(trace, str(store), brief=quiet, option=option, limit=limit)
    stream = sys.stdout if ended_well or not quiet or json else sys.stderr
    try:
        emit(run_json.render(trace, str(store)) if json else text, stream)
    except CouldNot as error:
        shown = f"agentflow show {trace.run_id} {option}".rstrip()
        raise CouldNot(
            f"{error.message}; the status of run '{trace.run_id}' is '{state.status}'",
            help=f"see it with: {shown}",
        ) from error
    if quiet and not json:
        _warn(trace, option)
    if state.status == "interrupted":
        return 128 + signal.Signals[trace.signal or "SIGINT"]
    if state.status == "waiting":
        return ExitCode.WAITING
    if state.status == "cancelled":
        return ExitCode.CANCELLED
    return ExitCode.OK if state.status == "succeeded" else ExitCode.FINDINGS


def _warn(trace: Trace, option: str) -> None:
    """Whoever wanted to hear nothing of a run has to know what failed in it, and what to check."""
    if trace.status == "failed" or any(trace.unknown()):
        lines = list(next_steps(trace, option))
        if lines:
            emit("\n".join(lines), sys.stderr)
