"""Runs as a whole: start one, take one up again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agentflow.agents.credentials import require_keys
from agentflow.agents.recording import Recorded as RecordedAnswer
from agentflow.agents.recording import Recording
from agentflow.agents.secrets import require
from agentflow.core.events import RunStarted
from agentflow.core.state import ENDED_RUN, State
from agentflow.engines.driver import Listener, is_through
from agentflow.engines.examining import tools_recorded
from agentflow.engines.launch import (
    Prices,
    Settings,
    Venue,
    called_models,
    holders,
    launch,
    needed_prices,
    new_run_id,
    take_up,
    tell_the_rest,
)
from agentflow.engines.recording import check_place, open_recording, write_recording
from agentflow.engines.watching import Onlooker
from agentflow.errors import (
    FileProblem,
    InputError,
    Interrupted,
    ToolChanged,
    UsageError,
)
from agentflow.eventlog import Store, Writer
from agentflow.history import Recorded, read_back, read_run
from agentflow.loading import ImportedModels, Spec, runnable
from agentflow.plan.channels import wants_another
from agentflow.plan.inputs import with_defaults
from agentflow.plan.steps import Plan
from agentflow.project import CLASS, ProjectReader, find_root
from agentflow.replay import fold
from agentflow.spec.model import Json

#: Asked once, before anything happens: who is to be told the entries of this run?
Audience = Callable[[Plan, str], Listener]


_PLAIN = Settings()


#: Looks at a run that is locked, before anything is done, and may raise instead of letting it be
#: taken up.
Gate = Callable[["Recorded", State, Writer], None]


def _open_gate(_recorded: "Recorded", _state: State, _log: Writer) -> None:
    """Whoever asks may take it up."""


#: Is told of recorded answers that nobody has asked for.
Leftover = Callable[[Sequence[RecordedAnswer]], None]


def _unheard(_answers: Sequence[RecordedAnswer]) -> None:
    """Nobody wants to know."""


#: Is told where the recording of a run is, None for nowhere, and which other one stays.
Aside = Callable[[Path | None, Path], None]


def _unseen(_place: Path | None, _stays: Path) -> None:
    """Nobody wants to know."""


def _nobody(_plan: Plan, _run_id: str) -> Listener:
    return lambda _entry: None


def run(
    spec: Spec,
    inputs: Mapping[str, Json],
    store: Store,
    settings: Settings = _PLAIN,
    audience: Audience = _nobody,
    onlooker: Onlooker | None = None,
    leftover: Leftover = _unheard,
    aside: Aside = _unseen,
) -> State:
    """Run a pipeline and give the state it ends in; its log is in the store under its `run_id`.

    An `onlooker` sees what models are answering, which is then asked for as a stream. `leftover` is
    told of the recorded answers that a run which went well has not asked for, and `aside` of where
    the recording of one is that did not, or that called no model.

    Raises:
        SpecError: the spec has errors.
        InputError: the inputs break the pipeline's contract.
        UsageError: a budget in US dollars needs a price that nobody knows.
        MissingSecret: the environment lacks a secret, or the key for a model.
        FileProblem: what is to be played back cannot be read, or nothing be recorded there.
        RecordingMiss: what is played back has no answer to a request.
        ToolChanged: a tool of a server is not what the spec pins; there is no such run then.
        Interrupted: a signal came before anything was called; there is no such run then.
        StoreError: the log cannot be written, or the recording.
    """
    plan = runnable(spec)
    complete = complete_inputs(plan, inputs)
    prices, recording = _provided(plan, settings)
    run_id = new_run_id()
    with store.create(run_id) as log:
        try:
            listener = audience(plan, run_id)
            state = launch(
                plan,
                Venue(log, listener, spec.folder, settings, recording, onlooker),
                run_id=run_id,
                spec=spec.name,
                sources=spec.sources,
                inputs=complete,
                prices=prices,
            )
        except (ToolChanged, Interrupted):
            log.discard()
            raise
    if settings.record is not None:
        _record(settings.record, read_run(store, run_id), state, aside)
    if recording is not None and state.status == "succeeded":
        leftover(recording.unused())
    return state


def _provided(plan: Plan, settings: Settings) -> tuple[Prices, Recording | None]:
    """The prices that a run needs and what it plays back; what else it needs is there.

    Raises:
        UsageError, MissingSecret, FileProblem: it is not; see `run`.
    """
    if settings.by is None and wants_another(plan):
        raise UsageError(
            "a question wants somebody else than who starts the run, and nobody says who that is",
            help="say it with '--by NAME'",
        )
    prices = needed_prices(plan)
    if not settings.simulate:
        require(holders(plan))
    if settings.record is not None:
        check_place(settings.record)
    recording = open_recording(settings.playback) if settings.playback is not None else None
    if recording is None and not settings.simulate:
        require_keys(called_models(plan))
    return prices, recording


def complete_inputs(plan: Plan, given: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs of a run: what was given, and the contract's `default` for what was not.

    Raises:
        InputError: they break the input contract.
    """
    inputs = with_defaults(plan.inputs, given)
    violations = plan.inputs.checker.check(inputs)
    if violations:
        raise InputError(
            "the inputs break the pipeline's contract: " + "; ".join(map(str, violations)),
            help="give inputs with '--input NAME=VALUE' or '--inputs FILE'",
        )
    return inputs


def resume(
    store: Store,
    run_id: str,
    audience: Callable[[Recorded], Listener],
    *,
    as_started: bool,
    settings: Settings = _PLAIN,
    onlooker: Onlooker | None = None,
    gate: Gate = _open_gate,
    aside: Aside = _unseen,
) -> State:
    """Take up a run that was interrupted, that waits for people, or whose process died.

    Of one that has ended, what people were to be told and may not know goes out.

    Of the `settings`, only those about people and changed tools count; the others are those it
    began with.

    It goes on with the spec that it recorded. If the files, or the Python classes that contracts
    name, have changed since, that is refused, unless `as_started` says that the recorded ones are
    meant.

    Raises:
        UnknownRun, RunLocked, LogDamaged, LogTooNew: it cannot be taken up.
        UsageError: it has ended, was simulated, or its spec has changed.
        MissingSecret: the environment lacks a secret, or the key for a model.
        FileProblem: the recording that it plays back cannot be read, or nothing be recorded there.
        RecordingMiss: it has no answer to a request.
        ToolChanged: a tool of a server is not what it was.
        Interrupted: a signal came before anything was called.
        Also what the `gate` raises, which sees the run before anything is done to it.
    """
    with store.resume(run_id) as log:
        run_id = log.path.name
        with store.read(run_id) as reader:
            recorded = read_back(run_id, log.records(), reader)
        state = fold(recorded.plan, recorded.entries)
        gate(recorded, state, log)
        _refuse_to_resume(run_id, recorded.started, state)
        started, folder = recorded.started, Path(recorded.started.folder)
        if state.status in ENDED_RUN:
            require(holders(recorded.plan))
            venue = Venue(log, audience(recorded), folder, settings)
            return tell_the_rest(recorded.plan, state, venue)
        if not as_started:
            _refuse_changes(started, folder)
        require(holders(recorded.plan))
        if started.record is not None:
            check_place(Path(started.record))
        recording = None
        if started.playback is None:
            require_keys(called_models(recorded.plan))
        else:
            recording = open_recording(Path(started.playback))
        venue = Venue(log, audience(recorded), folder, settings, recording, onlooker)
        state = take_up(recorded.plan, state, venue, tools_recorded(recorded.entries))
    if started.record is not None:
        _record(Path(started.record), read_run(store, run_id), state, aside)
    return state


def _record(path: Path, recorded: Recorded, state: State, aside: Aside) -> None:
    """Write the recording of a run that goes no further, for now or for good."""
    failed = state.status not in ("succeeded", "waiting")
    place = write_recording(path, recorded.plan, recorded.entries, failed=failed)
    if place != path.resolve():
        aside(place, path)


def _refuse_to_resume(run_id: str, started: RunStarted, state: State) -> None:
    """Raise UsageError if nothing is left of a run to go on with, or nothing of it was real."""
    if is_through(state):
        raise UsageError(f"run '{run_id}' has ended: {state.status}")
    if started.mode == "simulated":
        raise UsageError(
            f"run '{run_id}' was simulated and cannot be resumed",
            help=f"run it again with '--simulate --seed {started.seed}'",
        )


def changes(started: RunStarted, folder: Path) -> tuple[str, ...]:
    """What in the spec has changed since a run began; modules are imported in another process."""
    return (*_changed_files(started, folder), *_changed_classes(started, folder))


def _refuse_changes(started: RunStarted, folder: Path) -> None:
    """Raise UsageError if a file or class of the spec is not what it was when the run began."""
    changed = changes(started, folder)
    if changed:
        raise UsageError(
            f"the spec of run '{started.run_id}' is not what it was: {'; '.join(changed)}",
            help="'--as-started' goes on with the spec as the run recorded it",
        )


def _changed_files(started: RunStarted, folder: Path) -> Iterator[str]:
    read = ProjectReader(folder)
    for path, text in started.sources.items():
        if path.startswith(CLASS):
            continue
        try:
            if read(path).removeprefix("\ufeff") != text.removeprefix("\ufeff"):
                yield f"'{path}' has changed"
        except FileProblem as error:
            yield error.message


def _changed_classes(started: RunStarted, folder: Path) -> Iterator[str]:
    recorded = {
        path.removeprefix(CLASS): text
        for path, text in started.sources.items()
        if path.startswith(CLASS)
    }
    now = ImportedModels(folder, find_root(folder))(tuple(recorded))
    for name, text in recorded.items():
        if name in now.problems:
            yield now.problems[name].message
        elif now.schemas.get(name, text) != text:
            yield f"the schema of '{name}' has changed"
