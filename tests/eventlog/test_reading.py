"""Readers beside a writer, on read-only copies, and on what a killed writer left."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentflow.errors import StoreError
from agentflow.eventlog import Store
from agentflow.eventlog.snapshot import PAGE

from .logs import contents, copy, make_killed_run, make_run, record, run_code, running

Maker = Callable[[Store], Path]


@pytest.mark.parametrize("make", [make_run, make_killed_run])
def test_reading_changes_nothing(store: Store, tmp_path: Path, make: Maker) -> None:
    copied = copy(make(store), tmp_path / "copy")
    before, folder = contents(copied.root), copied.root / "runs" / "run"
    changed = folder.stat().st_mtime_ns
    reader = copied.read("run")
    assert reader.verify().count == 10
    assert [entry["seq"] for entry in reader.records(7)] == [7, 8, 9]
    assert not reader.live
    assert copied.runs() == ["run"]
    assert contents(copied.root) == before
    assert folder.stat().st_mtime_ns == changed


def test_a_killed_run_has_its_entries_in_the_write_ahead_log(store: Store) -> None:
    path = make_killed_run(store)
    assert (path / "cache.db-wal").stat().st_size > 10_000
    with store.resume("run") as writer:
        assert writer.next_seq == 10


@pytest.mark.parametrize("ending", ["-shm", "none"])
def test_a_copy_without_index_or_lock_file_can_be_read_and_resumed(
    store: Store, tmp_path: Path, ending: str
) -> None:
    copied = copy(make_killed_run(store), tmp_path / "copy")
    folder = copied.root / "runs" / "run"
    (folder / "lock").unlink()
    (folder / f"cache.db{ending}").unlink(missing_ok=True)
    assert copied.read("run").verify().count == 10
    assert not copied.read("run").live
    with copied.resume("run") as writer:
        writer.append([record(10)])
    assert copied.read("run").verify().count == 11


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that any user can reach; the one that pytest gives cannot be entered by others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize("make", [make_run, make_killed_run])
def test_a_folder_that_cannot_be_written(store: Store, public: Path, make: Maker) -> None:
    copied = copy(make(store), public / "copy")
    nobody = 65534
    for path in [copied.root, *copied.root.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(path, nobody, nobody)
        path.chmod(0o500 if path.is_dir() else 0o400)
    code = f"""
        import difflib, diskcache, orjson, sqlite3  # before the rights to read them are gone
        import agentflow.eventlog.disk
        if os.geteuid() == 0:
            os.setgid({nobody})
            os.setuid({nobody})
        reader = Store(root).read("run")
        print(reader.verify().count, len(list(reader.records(5))), reader.live)
        try:
            Store(root).resume("run")
        except AgentflowError as error:
            print(error, "|", error.help)
        try:
            Store(root).create("new")
        except AgentflowError as error:
            print(error, "|", error.help)
    """
    done = run_code(copied, code)
    runs = copied.root / "runs"
    making = f"permission denied | make '{runs}' writable for you, then try again"
    denied = "permission denied | make it writable for you, then resume the run"
    assert done.stdout.splitlines() == [
        "10 5 False",
        f"cannot open '{runs / 'run' / 'lock'}': {denied}",
        f"cannot make '{runs / '.new-new'}': {making}",
    ]
    assert done.stderr == ""


WRITING = """
    with Store(root).create("run") as writer:
        print("made", flush=True)
        for number in range(6000):
            writer.append([{"n": number, "text": "x" * 500}])
            if number % 1000 == 0:
                writer.seal()
"""


def test_reading_while_another_process_writes(store: Store) -> None:
    """Across checkpoints of the write-ahead log, and over the moment when the writer goes."""
    seen = [0]
    with running(store, WRITING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        reader = store.read("run")
        assert reader.live
        while process.poll() is None:
            seen += [entry["seq"] + 1 for entry in reader.records(seen[-1])]
            assert reader.verify().count >= seen[-1]
        assert process.returncode == 0
    seen += [entry["seq"] + 1 for entry in reader.records(seen[-1])]
    assert seen == list(range(6001))
    assert not reader.live


def test_a_reader_in_the_process_of_the_writer(store: Store) -> None:
    with store.create("run") as writer, store.read("run") as reader:
        assert list(reader.records()) == []
        for number in range(20):
            writer.append([record(number)])
            assert reader.verify().count == number + 1
            assert [entry["seq"] for entry in reader.records(number)] == [number]
    with store.resume("run") as writer:
        assert len(list(writer.records())) == 20
        assert reader.verify().count == 20
        writer.append([record(20)])
    assert reader.verify().count == 21


@pytest.mark.parametrize("entries", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
def test_page_borders(store: Store, entries: int) -> None:
    make_run(store, entries=entries)
    reader = store.read("run")
    assert reader.verify().count == entries
    for start in (0, 1, PAGE - 1, PAGE, PAGE + 1, entries):
        assert [entry["seq"] for entry in reader.records(start)] == list(range(start, entries))


def test_a_writer_that_comes_while_a_page_is_read_spoils_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read without locks while somebody wrote is thrown away and read again."""
    from agentflow.eventlog import snapshot

    make_run(store)
    check = snapshot._check_schema
    visits: list[int] = []

    def visited(*values: object) -> None:
        if not visits:
            visits.append(1)
            with store.resume("run") as writer:
                writer.append([record(10)])
        check(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "_check_schema", visited)
    reader = store.read("run")
    monkeypatch.setattr("agentflow.eventlog.lock.is_held", lambda _: False)
    assert reader.verify().count == 11


def test_a_database_that_never_rests_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentflow.eventlog import snapshot

    path = make_run(store)
    ticks = iter(range(1000))
    monkeypatch.setattr(
        "agentflow.eventlog.snapshot._traces",
        lambda _: snapshot._Traces(snapshot._Trace(next(ticks), 0, 0), None),
    )
    with pytest.raises(StoreError) as caught:
        store.read("run").verify()
    assert str(caught.value) == f"cannot read '{path / 'cache.db'}': database is locked"


def test_modes_of_a_copy_do_not_matter(store: Store) -> None:
    path = make_run(store)
    (path / "cache.db").chmod(0o644)
    assert store.read("run").verify().count == 10
    assert stat.S_IMODE((path / "cache.db").stat().st_mode) == 0o644
    assert sys.getrecursionlimit() > 500
