"""Appending: together or not at all, by compare-and-set, and refusals that say what to do."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest

from agentflow.errors import LostRace, RunLocked, StoreError
from agentflow.eventlog import Store
from agentflow.eventlog.head import Rest

from .logs import files_of, make_run, record, run_code, running, stored


def test_an_entry_is_canonical_json_in_a_chain(store: Store) -> None:
    path = make_run(store, entries=2)
    first, first_hash = stored(path, 0)
    second, _ = stored(path, 1)
    assert first == (
        b'{"decisions":[],"fact":{"kind":"Counted","number":0},"format":1,"prev":"'
        + b"0" * 64
        + b'","seq":0}'
    )
    assert json.loads(second)["prev"] == first_hash


def test_a_record_may_carry_its_own_number_only(store: Store) -> None:
    with store.create("run") as writer:
        writer.append([{"seq": 0, "n": 0}])
        with pytest.raises(ValueError, match=r"^record says it is entry 7, expected 1$"):
            writer.append([{"seq": 7}])
        with pytest.raises(ValueError, match=r"^'format' and 'prev' belong to the log, a record"):
            writer.append([{"prev": "x"}])
        writer.append([])
        assert writer.next_seq == 1


def test_a_bad_record_stores_nothing_of_its_batch(store: Store) -> None:
    with store.create("run") as writer:
        with pytest.raises(ValueError, match=r"^nan has no place in JSON$"):
            writer.append([record(0), {"value": float("nan")}])
        writer.append([record(0)])
        assert [entry["seq"] for entry in writer.records()] == [0]


def test_head_is_renewed_by_seal_and_by_close(store: Store) -> None:
    with store.create("run") as writer:
        head = writer.path / "HEAD"
        assert json.loads(head.read_bytes()) == {"format": 1, "hash": "0" * 64, "seq": -1}
        writer.append([record(0), record(1)])
        assert json.loads(head.read_bytes())["seq"] == -1
        writer.seal()
        _, hash_ = stored(writer.path, 1)
        assert json.loads(head.read_bytes()) == {"format": 1, "hash": hash_, "seq": 1}
        before = head.stat().st_ino
        writer.seal()
        assert head.stat().st_ino == before
        writer.append([record(2)])
    assert json.loads(head.read_bytes())["seq"] == 2
    writer.close()


def test_head_says_for_good_that_a_run_is_through(store: Store) -> None:
    with store.create("run") as writer:
        writer.append([record(0)])
        writer.seal()
        assert not store.ended("run")
        writer.append([record(1)])
        writer.seal(ended=True)
        assert store.ended("run")
    with store.resume("run") as writer:  # an answer comes too late
        writer.append([record(2)])
    assert store.ended("run")
    assert not store.ended("other")


def test_head_says_when_something_is_due_in_a_run_that_nobody_works_on(store: Store) -> None:
    with store.create("run") as writer:
        writer.append([record(0)])
        writer.seal(rest=Rest(1000.0))
        assert json.loads((writer.path / "HEAD").read_bytes())["rest"] == {"due": 1000.0}
    assert [store.due("run", now) for now in (999.0, 1000.0)] == [False, True]
    store.mailbox("run").drop(b"{}", "answer")  # whatever it says, somebody has to look at it
    assert store.due("run", 0.0) is True
    store.mailbox("run").remove("answer")
    store.mailbox("run").ask_to_cancel(b"{}")
    assert store.due("run", 0.0) is True
    store.mailbox("run").forget_cancellation()
    with store.resume("run") as writer:
        writer.append([record(1)])
        writer.seal(rest=Rest(None))
        assert store.due("run", 1e12) is False
        writer.append([record(2)])  # its process is at work, and may die now
    assert store.due("run", 0.0) is None
    with store.resume("run") as writer:
        writer.seal(ended=True)
    assert store.due("run", 1e12) is False
    assert store.due("other", 0.0) is None


@pytest.mark.parametrize("rest", [None, 7, {}, {"due": "now"}])
def test_a_head_that_does_not_say_when_sends_to_the_log(store: Store, rest: object) -> None:
    with store.create("run") as writer:
        head = writer.path / "HEAD"
    head.write_text(json.dumps({**json.loads(head.read_bytes()), "rest": rest}))
    assert store.due("run", 0.0) is None


def test_the_database_forgets_nothing_and_maps_nothing(store: Store) -> None:
    with store.create("run") as writer:
        cache: Any = writer._cache
        found = {
            name: cache._sql(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "auto_vacuum", "mmap_size", "journal_mode", "synchronous")
        }
        assert (cache.eviction_policy, cache.cull_limit, cache.statistics) == ("none", 0, 0)
    assert found == {
        "page_size": 1024,
        "auto_vacuum": 0,
        "mmap_size": 0,
        "journal_mode": "wal",
        "synchronous": 1,
    }


def test_the_log_file_is_moved_into_the_database_by_bytes_not_by_our_small_pages(
    store: Store,
) -> None:
    """Each time is a sync: with SQLite's own 1000 pages it would be four times as often."""
    with store.create("run") as writer:
        database, log = (writer.path / name for name in ("cache.db", "cache.db-wal"))
        before = database.stat().st_size
        for number in range(30):
            writer.append([{"text": "x" * 700, "number": number}] * 100)
        assert log.stat().st_size > 2 * 2**20
        assert database.stat().st_size == before
    assert database.stat().st_size > 2 * 2**20


def test_a_second_process_is_refused_and_told_who(store: Store) -> None:
    code = """
        writer = Store(root).create("run")
        writer.append([{"n": 0}])
        print((writer.path / "lock").read_text(), flush=True)
        sys.stdin.read()
    """
    with running(store, code) as process:
        assert process.stdout is not None
        holder = json.loads(process.stdout.readline())
        assert holder["pid"] == process.pid
        with pytest.raises(RunLocked) as caught:
            store.resume("run")
        assert str(caught.value) == (
            f"run 'run' is in use by process {process.pid} on {holder['host']!r}"
            f" since {holder['since']}"
        )
        assert caught.value.help == "wait until that process ends, or stop it; then try again"
        assert store.read("run").live
    assert not store.read("run").live
    with store.resume("run") as writer:
        assert writer.next_seq == 1


def test_the_lock_is_no_heirloom(store: Store) -> None:
    writer = store.create("run")
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
    ) as child:
        writer.close()
        store.resume("run").close()
        child.communicate(b"\n")


def test_a_holder_that_did_not_sign_is_another_process(store: Store) -> None:
    with store.create("run") as writer:
        (writer.path / "lock").write_text("{")
        with pytest.raises(RunLocked) as caught:
            store.resume("run")
    assert str(caught.value) == "run 'run' is in use by another process"


def test_with_the_lock_bypassed_the_loser_stops(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(store, entries=1)
    monkeypatch.setattr("agentflow.eventlog.lock._flock", lambda *_: True)
    with store.resume("run") as winner, store.resume("run") as loser:
        winner.append([record(1)])
        with pytest.raises(LostRace) as caught:
            loser.append([record(7)])
        assert str(caught.value) == "another process has written entry 1 of run 'run'"
        assert caught.value.help == "nothing further was done here; see who else runs it"
        with pytest.raises(StoreError) as refused:
            loser.append([record(2)])
        assert str(refused.value) == (
            f"cannot append to '{loser.path / 'cache.db'}': an earlier append failed"
        )
    assert [entry["fact"]["number"] for entry in store.read("run").records()] == [0, 1]
    assert store.read("run").verify().count == 2


def test_a_batch_that_loses_stores_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create("run").close()
    monkeypatch.setattr("agentflow.eventlog.lock._flock", lambda *_: True)
    with store.resume("run") as winner, store.resume("run") as loser:
        winner.append([record(0)])
        with pytest.raises(LostRace):
            loser.append([record(7), record(8)])
    assert [entry["fact"]["number"] for entry in store.read("run").records()] == [0]


def test_a_store_locked_by_a_foreign_program_is_told_not_waited_for(store: Store) -> None:
    writer = store.create("run")
    with closing(sqlite3.connect(writer.path / "cache.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            writer.append([record(0)])
        assert str(caught.value) == (
            f"cannot append to '{writer.path / 'cache.db'}': database is locked"
        )
        advice = "close the other program that uses this database, then resume the run"
        assert caught.value.help == advice
        writer.close()
        with pytest.raises(StoreError) as again:
            store.resume("run")
        assert str(again.value) == f"cannot open '{writer.path / 'cache.db'}': database is locked"
        assert again.value.help == advice
    with store.resume("run") as resumed:
        assert resumed.next_seq == 0


def test_a_full_disk_is_told_and_loses_nothing(store: Store) -> None:
    code = """
        import resource
        writer = Store(root).create("run")
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        try:
            while True:
                writer.append([{"text": "x" * 1000}])
        except AgentflowError as error:
            print(writer.next_seq, error, "|", error.help)
        try:
            writer.append([{"n": 0}])
        except AgentflowError as error:
            print(error)
        writer.close()
    """
    done = run_code(store, code)
    database = store.root / "runs" / "run" / "cache.db"
    refusal, after = done.stdout.splitlines()
    acknowledged, _, message = refusal.partition(" ")
    assert message in [
        f"cannot append to '{database}': {why} | free space on that disk, then resume the run"
        for why in ("disk I/O error", "database or disk is full")
    ]
    assert after == f"cannot append to '{database}': an earlier append failed"
    assert done.stderr == ""
    with store.resume("run") as writer:
        assert writer.next_seq >= int(acknowledged) > 10
        writer.append([{"n": 0}])


def test_a_full_disk_stops_blobs_and_head_too(store: Store) -> None:
    code = """
        import resource
        writer = Store(root).create("run")
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        writer.append([{"n": 0}])
        try:
            writer.put_blob(b"x" * 500_000)
        except AgentflowError as error:
            print(error, "|", error.help)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 400_000))
        try:
            writer.seal()
        except AgentflowError as error:
            print(error, "|", error.help)
        sys.stdout.flush()
        os._exit(0)
    """
    from agentflow.eventlog.chain import digest

    path = store.root / "runs" / "run"
    blob = path / "blobs" / digest(b"x" * 500_000)
    advice = (
        "file too large | raise the limit on the size of files (ulimit -f), then resume the run"
    )
    done = run_code(store, code)
    assert done.stdout.splitlines() == [
        f"cannot write '{blob}': {advice}",
        f"cannot write '{path / 'HEAD'}': {advice}",
    ]
    with store.resume("run") as writer:
        assert writer.next_seq == 1
    assert files_of(path / "blobs") == set()
    assert "HEAD.new" not in files_of(path)


def test_after_an_interrupted_append_the_outcome_is_not_guessed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = store.create("run")
    real: Any = writer._store

    def interrupted(rows: Any) -> None:
        real(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "_store", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.append([record(0)])
    with pytest.raises(StoreError, match=r"an earlier append failed$"):
        writer.append([record(1)])
    writer.close()
    with store.resume("run") as resumed:
        assert resumed.next_seq == 1
