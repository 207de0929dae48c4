"""Runs as a whole: start one, read one back, take one up again."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from agentflow.agents.credentials import require_keys
from agentflow.agents.recording import Recorded as RecordedAnswer
from agentflow.agents.secrets import require
from agentflow.core.events import Entry, RunStarted
from agentflow.core.state import ENDED_RUN, State
from agentflow.engines.driver import Listener, is_through
from agentflow.engines.examining import tools_recorded
from agentflow.engines.launch import (
    Settings,
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
    LogDamaged,
    LogTooNew,
    StoreError,
    ToolChanged,
    UsageError,
)
from agentflow.eventlog import Reader, Store, Writer
from agentflow.eventlog.codec import UnknownEvent, blobs_of, decode
from agentflow.loading import ImportedModels, RecordedModels, Spec, runnable, understand
from agentflow.plan.channels import wants_another
from agentflow.plan.inputs import with_defaults
from agentflow.plan.steps import Plan
from agentflow.project import CLASS, ProjectReader, RecordedReader, find_root
from agentflow.replay import fold
from agentflow.spec.model import Json
from agentflow.summary import Summary

#: Asked once, before anything happens: who is to be told the entries of this run?
Audience = Callable[[Plan, str], Listener]


_PLAIN = Settings()
_STATUS_AFTER = {
    "RunResumed": "running",
    "RunParked": "waiting",
    "RunInterrupted": "interrupted",
    "ProcessDied": "crashed",
}


#: Looks at a run that is locked, before anything is done, and may raise instead of letting it be taken up.
Gate = Callable[["Recorded", State, Writer], None]


def _open_gate(_recorded: "Recorded", _state: State, _log: Writer) -> None:
    """Whoever asks may take it up."""


#: Is told of recorded answers that nobody has asked for.
Leftover = Callable[[Sequence[RecordedAnswer]], None]


def _unheard(_answers: Sequence[RecordedAnswer]) -> None:
    """Nobody wants to know."""


def _nobody(_plan: Plan, _run_id: str) -> Listener:
    return lambda _entry: None


class Recorded(Struct, frozen=True):
    """A run as its log has it: how it began, the plan of its recorded sources, its entries.

    `holder` is the process that is at work on it, in words for people; None if there is none. `damage`
    is what hides the entries after those, if something does.
    """

    started: RunStarted
    plan: Plan
    entries: tuple[Entry, ...]
    holder: str | None
    damage: LogDamaged | None = None


def run(
    spec: Spec,
    inputs: Mapping[str, Json],
    store: Store,
    settings: Settings = _PLAIN,
    audience: Audience = _nobody,
    onlooker: Onlooker | None = None,
    leftover: Leftover = _unheard,
) -> State:
    """Run a pipeline and give the state it ends in; its log is in the store under its `run_id`.

    An `onlooker` sees what models are answering, which is then asked for as a stream. `leftover` is told
    of the recorded answers that a run which went well has not asked for.

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
    run_id = new_run_id()
    with store.create(run_id) as log:
        try:
            state = launch(
                plan,
                log,
                audience(plan, run_id),
                run_id=run_id,
                spec=spec.name,
                folder=spec.folder,
                sources=spec.sources,
                inputs=complete,
                settings=settings,
                prices=prices,
                recording=recording,
                onlooker=onlooker,
            )
        except (ToolChanged, Interrupted):
            log.discard()
            raise
    if settings.record is not None:
        write_recording(settings.record, plan, read_run(store, run_id).entries)
    if recording is not None and state.status == "succeeded":
        leftover(recording.unused())
    return state


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


def read_run(store: Store, run_id: str) -> Recorded:
    """Read a run from the store; it may go on meanwhile.

    Raises:
        UnknownRun: there is none.
        LogDamaged, LogTooNew: it cannot be read.
    """
    with store.read(run_id) as reader:
        reader.verify()
        return _recorded(run_id, reader.records(), reader)


def read_intact(store: Store, run_id: str) -> Recorded:
    """Read a run as far as its log can be trusted; `damage` says what is wrong with the rest.

    Raises:
        UnknownRun: there is none.
        LogDamaged, LogTooNew: nothing of it can be read.
    """
    with store.read(run_id) as reader:
        records, damage = reader.intact()
        entries: list[Entry] = []
        try:
            for record in records:
                entries.append(_decoded(record, reader))  # noqa: PERF401 - those before a damage count
        except LogDamaged as error:
            damage = error
        if not entries and damage is not None:
            raise damage
        return _understood(run_id, entries, reader, damage)


def summaries(store: Store) -> Iterator[Summary]:
    """All runs of a store, the newest first. One that cannot be read does not hide the others."""
    for run_id in store.runs():
        try:
            yield _summary(store, run_id)
        except (LogDamaged, LogTooNew, UnknownEvent) as error:
            yield Summary(run_id, "damaged", problem=str(error))
        except StoreError as error:
            yield Summary(run_id, "unreadable", problem=str(error))


def _summary(store: Store, run_id: str) -> Summary:
    """Only the facts and the last decisions are looked at: no plan is made, and no blob read."""
    with store.read(run_id) as reader:
        first: dict[str, Json] | None = None
        status, ended, seq, at = "running", False, -1, 0.0
        for record in reader.records():
            first, seq = first or record, record["seq"]
            for blob in blobs_of(record):
                reader.check_blob(blob, seq)
            if ended:
                continue  # an answer that came too late
            status, ended = _status(record, status)
            at = record["fact"]["at"]
        live = reader.live
    if status == "running" and not live:
        status = "crashed"
    if status == "waiting" and not live and store.due(run_id, time.time()):
        status = "due"
    if first is None:
        return Summary(run_id, status)
    fact = first["fact"]
    return Summary(
        run_id=run_id,
        status=status,
        spec=fact["spec"],
        mode=fact["mode"],
        by=fact.get("by"),
        started=fact["at"],
        seconds=at - fact["at"],
        entries=seq + 1,
    )


def _status(record: Mapping[str, Json], before: str) -> tuple[str, bool]:
    """The status of a run after a record, and whether the run has ended."""
    final = record["decisions"][-1:]
    if final and final[0]["kind"] == "FinishRun":
        return str(final[0]["status"]), True
    return _STATUS_AFTER.get(record["fact"]["kind"], before), False


def resume(
    store: Store,
    run_id: str,
    audience: Callable[[Recorded], Listener],
    *,
    as_started: bool,
    settings: Settings = _PLAIN,
    onlooker: Onlooker | None = None,
    gate: Gate = _open_gate,
) -> State:
    """Take up a run that was interrupted, that waits for people, or whose process died.

    Of one that has ended, what people were to be told and may not know goes out.

    Of the `settings`, only those about people and changed tools count; the others are those it began with.

    It goes on with the spec that it recorded. If the files, or the Python classes that contracts
    name, have changed since, that is refused, unless `as_started` says that the recorded ones are meant.

    Raises:
        UnknownRun, RunLocked, LogDamaged, LogTooNew: it cannot be taken up.
        UsageError: it has ended, was simulated, or its spec has changed.
        MissingSecret: the environment lacks a secret, or the key for a model.
        FileProblem: the recording that it plays back cannot be read.
        RecordingMiss: it has no answer to a request.
        ToolChanged: a tool of a server is not what it was.
        Interrupted: a signal came before anything was called.
        Also what the `gate` raises, which sees the run before anything is done to it.
    """
    with store.resume(run_id) as log:
        run_id = log.path.name
        with store.read(run_id) as reader:
            recorded = _recorded(run_id, log.records(), reader)
        state = fold(recorded.plan, recorded.entries)
        gate(recorded, state, log)
        if is_through(state):
            raise UsageError(f"run '{run_id}' has ended: {state.status}")
        if recorded.started.mode == "simulated":
            raise UsageError(
                f"run '{run_id}' was simulated and cannot be resumed",
                help=f"run it again with '--simulate --seed {recorded.started.seed}'",
            )
        folder = Path(recorded.started.folder)
        if state.status in ENDED_RUN:
            require(holders(recorded.plan))
            listener = audience(recorded)
            return tell_the_rest(
                recorded.plan, state, log, listener, folder=folder, settings=settings
            )
        if not as_started:
            _refuse_changes(recorded.started, folder)
        require(holders(recorded.plan))
        playback, record = recorded.started.playback, recorded.started.record
        if playback is None:
            require_keys(called_models(recorded.plan))
        state = take_up(
            recorded.plan,
            state,
            log,
            audience(recorded),
            folder=folder,
            settings=settings,
            recording=open_recording(Path(playback)) if playback is not None else None,
            tools=tools_recorded(recorded.entries),
            onlooker=onlooker,
        )
    if record is not None:
        write_recording(Path(record), recorded.plan, read_run(store, run_id).entries)
    return state


def _recorded(run_id: str, records: Iterator[dict[str, Json]], blobs: Reader) -> Recorded:
    return _understood(run_id, [_decoded(record, blobs) for record in records], blobs)


def _decoded(record: Mapping[str, Json], blobs: Reader) -> Entry:
    """Raises `LogDamaged` if a value that lies beside the log is not what was stored."""
    return decode(record, lambda name: blobs.get_blob(name, seq=record["seq"]))


def _understood(
    run_id: str, entries: Sequence[Entry], reader: Reader, damage: LogDamaged | None = None
) -> Recorded:
    """Raises `LogDamaged` if the log does not begin as that of a run does."""
    started = entries[0].fact if entries else None
    if not isinstance(started, RunStarted):
        raise LogDamaged(
            f"run '{run_id}' ended before its first entry was written",
            seq=0,
            help="nothing of it was done; run the spec again",
        )
    sources = dict(started.sources)
    _, _, plan, _ = understand(
        sources[started.spec], started.spec, RecordedReader(sources), RecordedModels(sources)
    )
    if plan is None:
        raise LogDamaged(f"the spec recorded by run '{run_id}' cannot be understood", seq=0)
    return Recorded(started, plan, tuple(entries), reader.holder, damage)


def changes(started: RunStarted, folder: Path) -> tuple[str, ...]:
    """What of the spec of a run is not what it was when the run began; modules are imported for that,
    in a process of their own."""
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
