"""Runs read back: what their logs have, and the list of those in a store. No engine is needed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from agentflow.core.events import Entry, RunStarted
from agentflow.errors import LogDamaged, LogTooNew, StoreError
from agentflow.eventlog import Reader, Store
from agentflow.eventlog.codec import UnknownEvent, blobs_of, decode
from agentflow.loading import RecordedModels, understand
from agentflow.plan.steps import Plan
from agentflow.project import RecordedReader
from agentflow.spec.model import Json
from agentflow.summary import Summary

_STATUS_AFTER = {
    "RunResumed": "running",
    "RunParked": "waiting",
    "RunInterrupted": "interrupted",
    "ProcessDied": "crashed",
}


class Recorded(Struct, frozen=True):
    """A run as its log has it: how it began, the plan of its recorded sources, its entries.

    `holder` is the process that is at work on it, in words for people; None if there is none.
    `damage` is what hides the entries after those, if something does.
    """

    started: RunStarted
    plan: Plan
    entries: tuple[Entry, ...]
    holder: str | None
    damage: LogDamaged | None = None


def read_run(store: Store, run_id: str) -> Recorded:
    """Read a run from the store; it may go on meanwhile.

    Raises:
        UnknownRun: there is none.
        LogDamaged, LogTooNew: it cannot be read.
    """
    with store.read(run_id) as reader:
        reader.verify()
        return read_back(run_id, reader.records(), reader)


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
            yield summary_of(store, run_id)
        except (LogDamaged, LogTooNew, UnknownEvent) as error:
            yield Summary(run_id, "damaged", problem=str(error))
        except StoreError as error:
            yield Summary(run_id, "unreadable", problem=str(error))


def summary_of(store: Store, run_id: str) -> Summary:
    """A run in one line. Only facts and last decisions are looked at: no plan made, no blob read.

    Raises:
        UnknownRun: there is none.
        LogDamaged, LogTooNew: it cannot be read.
    """
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


def read_back(run_id: str, records: Iterator[dict[str, Json]], blobs: Reader) -> Recorded:
    """A run of the records of its log.

    Raises:
        LogDamaged: it cannot be read.
    """
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
            help=f"nothing of it was done; run the spec again, and remove this: agentflow cancel {run_id}",
        )
    plan = _plan_of(started.spec, tuple(sorted(started.sources.items())))
    if plan is None:
        raise LogDamaged(f"the spec recorded by run '{run_id}' cannot be understood", seq=0)
    return Recorded(started, plan, tuple(entries), reader.holder, damage)


@lru_cache(maxsize=8)
def _plan_of(spec: str, sources: tuple[tuple[str, str], ...]) -> Plan | None:
    """The plan of recorded sources, by path: many runs of a store are of the same spec."""
    texts = dict(sources)
    _, _, plan, _ = understand(texts[spec], spec, RecordedReader(texts), RecordedModels(texts))
    return plan
