"""Missing, changed, swapped and planted bytes: found, located, and never read as "nothing yet"."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agentflow.errors import LogDamaged, LogTooNew
from agentflow.eventlog import Store
from agentflow.eventlog.chain import digest

from .logs import contents, execute, make_killed_run, make_run, record, stored

AFTER_DAMAGE = "put the run's folder back from a copy; a new run does again what this one has done"


def assert_damaged(store: Store, seq: int, what: str) -> None:
    """Readers and resume say the same, and change nothing."""
    before = log_files(store)
    for method in (lambda: store.read("run").verify(), lambda: store.resume("run")):
        with pytest.raises(LogDamaged) as caught:
            method()
        assert str(caught.value) == f"the log of run 'run' is damaged: {what}"
        assert (caught.value.seq, caught.value.help) == (seq, AFTER_DAMAGE)
    assert log_files(store) == before


def log_files(store: Store) -> dict[str, tuple[bytes, int]]:
    """All of a store but who held its lock last, and SQLite's index, which is made anew at will."""
    files = contents(store.root)
    return {name: found for name, found in files.items() if not name.endswith(("/lock", "-shm"))}


def change(folder: Path, seq: int, *, forged: bool = False) -> None:
    """Flip a bit of an entry; if `forged`, with the right hash beside it."""
    value, tag = stored(folder, seq)
    changed = value.replace(b"Counted", b"Bounted")
    update = "UPDATE Cache SET value = ?, tag = ? WHERE key = ?"
    execute(folder, update, changed, digest(changed) if forged else tag, seq)


def swap(folder: Path) -> None:
    third, sixth = stored(folder, 3), stored(folder, 6)
    for seq, (value, tag) in ((3, sixth), (6, third)):
        execute(folder, "UPDATE Cache SET value = ?, tag = ? WHERE key = ?", value, tag, seq)


def put_value(folder: Path, value: bytes) -> None:
    update = "UPDATE Cache SET value = ?, tag = ? WHERE key = 4"
    execute(folder, update, value, digest(value))


def insert(folder: Path, key: object) -> None:
    statement = "INSERT INTO Cache(key, raw, mode, value) VALUES (?, 1, 1, x'00')"
    execute(folder, statement, key)


ROWS: list[tuple[str, Callable[[Path], None], int, str]] = [
    ("flipped bit", lambda run: change(run, 4), 4, "the bytes of entry 4 were changed"),
    ("flipped in the last", lambda run: change(run, 9), 9, "the bytes of entry 9 were changed"),
    (
        "forged",
        lambda run: change(run, 4, forged=True),
        4,
        "entry 5 does not continue the entry before it",
    ),
    (
        "last one forged",
        lambda run: change(run, 9, forged=True),
        9,
        "entry 9 is not the one that HEAD names",
    ),
    ("swapped", swap, 3, "entry 6 stands in the place of entry 3"),
    (
        "one deleted",
        lambda run: execute(run, "DELETE FROM Cache WHERE key = 4"),
        4,
        "entry 4 is missing",
    ),
    (
        "first deleted",
        lambda run: execute(run, "DELETE FROM Cache WHERE key < 2"),
        0,
        "entries 0 to 1 are missing",
    ),
    (
        "tail deleted",
        lambda run: execute(run, "DELETE FROM Cache WHERE key > 6"),
        7,
        "entries 7 to 9 are missing, the log ends before what HEAD says",
    ),
    (
        "all deleted",
        lambda run: execute(run, "DELETE FROM Cache"),
        0,
        "entries 0 to 9 are missing, the log ends before what HEAD says",
    ),
    ("text for bytes", lambda run: execute(run, "UPDATE Cache SET value = 'x' WHERE key = 4"), 4,
     "entry 4 is not stored as plain bytes"),
    ("file for bytes", lambda run: execute(run, "UPDATE Cache SET filename = 'x' WHERE key = 4"), 4,
     "entry 4 is not stored as plain bytes"),
    ("pickle mode", lambda run: execute(run, "UPDATE Cache SET mode = 4 WHERE key = 4"), 4,
     "entry 4 is not stored as plain bytes"),
    ("no json", lambda run: put_value(run, b"{"), 4,
     "entry 4 is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
    ("not utf-8", lambda run: put_value(run, b"\xff"), 4,
     "entry 4 is not JSON ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte)"),
    ("bottomless", lambda run: put_value(run, b"[" * 100_000), 4,
     "entry 4 is not JSON (nested too deeply)"),
    ("nan", lambda run: put_value(run, b'{"a":NaN}'), 4, "entry 4 is not JSON (NaN is not JSON)"),
    ("a list", lambda run: put_value(run, b"[]"), 4, "entry 4 is not an object"),
    ("no format", lambda run: put_value(run, b"{}"), 4, "format None is not a number from 1"),
    ("format 0", lambda run: put_value(run, b'{"format":0}'), 4,
     "format 0 is not a number from 1"),
    ("format true", lambda run: put_value(run, b'{"format":true}'), 4,
     "format True is not a number from 1"),
    ("foreign key", lambda run: insert(run, "key"), 10, "a row with the key 'key' was put in"),
    ("fraction", lambda run: insert(run, 3.5), 4, "a row with the key '3.5' was put in"),
    ("gap behind", lambda run: insert(run, 12), 10, "entries 10 to 11 are missing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "seq", "what"), ROWS, ids=[row[0] for row in ROWS])
def test_changed_rows(
    store: Store, name: str, spoil: Callable[[Path], None], seq: int, what: str
) -> None:
    spoil(make_run(store))
    assert_damaged(store, seq, what)
    intact, damage = store.read("run").intact()
    assert [one["fact"]["number"] for one in intact] == list(range(seq))
    assert damage is not None
    assert (damage.seq, str(damage)) == (seq, f"the log of run 'run' is damaged: {what}")


def test_records_gives_what_can_be_trusted_and_then_refuses(store: Store) -> None:
    change(make_run(store), 4)
    records = store.read("run").records()
    assert [next(records)["seq"] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(LogDamaged):
        next(records)
    with pytest.raises(LogDamaged):
        next(store.read("run").records(4))
    assert len(list(store.read("run").records(6))) == 4


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not JSON (Expecting value: line 1 column 1 (char 0))"),
        ("[]", "is not an object"),
        ('{"format":1}', "does not say 'seq' and 'hash'"),
        ('{"format":1,"seq":-2,"hash":"x"}', "does not say 'seq' and 'hash'"),
        ('{"format":1,"seq":"1","hash":"x"}', "does not say 'seq' and 'hash'"),
    ],
)
def test_a_broken_head(store: Store, text: str, what: str) -> None:
    head = make_run(store) / "HEAD"
    head.write_text(text)
    assert_damaged(store, 0, f"'{head}' {what}")


def test_a_missing_head(store: Store) -> None:
    head = make_run(store) / "HEAD"
    head.unlink()
    assert_damaged(store, 0, f"'{head}' is missing")


def test_a_head_without_format(store: Store) -> None:
    (make_run(store) / "HEAD").write_text("{}")
    assert_damaged(store, 0, "format None is not a number from 1")


def test_a_missing_database(store: Store) -> None:
    database = make_run(store) / "cache.db"
    database.unlink()
    assert_damaged(store, 0, f"'{database}' is missing")


def test_an_emptied_database(store: Store) -> None:
    database = make_run(store) / "cache.db"
    database.write_bytes(b"")
    assert_damaged(store, 0, f"index 'Cache_key_raw' of '{database}' is missing")


def test_a_truncated_database(store: Store) -> None:
    database = make_run(store, entries=100) / "cache.db"
    with database.open("r+b") as file:
        file.truncate(20_000)
    assert_damaged(store, 0, f"'{database}': database disk image is malformed")


def test_something_else_in_the_place_of_the_database(store: Store) -> None:
    database = make_run(store) / "cache.db"
    database.write_bytes(b"no database " * 1000)
    assert_damaged(store, 0, f"'{database}': file is not a database")


def test_a_lost_write_ahead_log_is_not_an_empty_run(store: Store) -> None:
    path = make_killed_run(store, entries=100)
    (path / "cache.db-wal").unlink()
    assert_damaged(store, 0, "entries 0 to 99 are missing, the log ends before what HEAD says")


def test_a_flipped_bit_in_the_write_ahead_log_is_not_the_end(store: Store) -> None:
    wal = make_killed_run(store, entries=100) / "cache.db-wal"
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 1
    wal.write_bytes(data)
    with pytest.raises(LogDamaged) as caught:
        store.read("run").verify()
    seq = caught.value.seq
    assert 20 < seq < 80
    assert_damaged(
        store, seq, f"entries {seq} to 99 are missing, the log ends before what HEAD says"
    )


def test_every_flipped_byte_of_the_database_is_harmless_or_noticed(store: Store) -> None:
    """Wherever a byte is flipped: the same records, or an error; never other or fewer records."""
    path = make_run(store, entries=5)
    expected = [{**record(number), "seq": number} for number in range(5)]
    original = (path / "cache.db").read_bytes()
    noticed = 0
    for place in range(0, len(original), 97):
        data = bytearray(original)
        data[place] ^= 0xFF
        (path / "cache.db").write_bytes(data)
        try:
            store.read("run").verify()
        except LogDamaged:
            noticed += 1
        else:
            assert list(store.read("run").records()) == expected
    assert noticed > 10


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "CREATE TRIGGER evil AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END",
            "trigger 'evil' of '{}' was put in",
        ),
        ("CREATE TABLE evil (a)", "table 'evil' of '{}' was put in"),
        ("DROP INDEX Cache_key_raw", "index 'Cache_key_raw' of '{}' is missing"),
    ],
)
def test_a_changed_schema(store: Store, statement: str, what: str) -> None:
    path = make_run(store)
    execute(path, statement)
    assert_damaged(store, 0, what.format(path / "cache.db"))


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("sqlite_writable_schema", 1, "setting 'sqlite_writable_schema' was put in"),
        ("add", "x", "setting 'add' was put in"),
        ("disk_evil", 1, "setting 'disk_evil' was put in"),
        ("sqlite_synchronous", "0; x", "setting 'sqlite_synchronous' was put in"),
        ("sqlite_journal_mode", "off", "setting 'sqlite_journal_mode' was changed to 'off'"),
        ("eviction_policy", "x", "setting 'eviction_policy' was changed to 'x'"),
    ],
)
def test_planted_settings_are_not_run(store: Store, name: str, value: object, what: str) -> None:
    path = make_run(store)
    execute(path, "INSERT OR REPLACE INTO Settings VALUES (?, ?)", name, value)
    with pytest.raises(LogDamaged) as caught:
        store.resume("run")
    assert str(caught.value) == f"the log of run 'run' is damaged: {what}"
    assert store.read("run").verify().count == 10


def test_stored_settings_do_not_win_over_ours(store: Store) -> None:
    path = make_run(store)
    update = "UPDATE Settings SET value = ? WHERE key = ?"
    execute(path, update, 10, "cull_limit")
    execute(path, update, 1, "size_limit")
    execute(path, update, 0, "sqlite_synchronous")
    with Store(store.root, "power").resume("run") as writer:
        assert writer._cache.cull_limit == 0
        assert writer._cache._sql("PRAGMA synchronous").fetchone() == (2,)


def test_a_missing_blob(store: Store) -> None:
    with store.create("run") as writer:
        name = writer.put_blob(b"large")
        assert writer.put_blob(b"large") == name == digest(b"large")
    blob = writer.path / "blobs" / name
    reader = store.read("run")
    assert reader.get_blob(name) == b"large"
    blob.write_bytes(b"l4rge")
    with pytest.raises(LogDamaged) as changed:
        reader.get_blob(name, seq=3)
    assert str(changed.value) == f"the log of run 'run' is damaged: '{blob}' was changed"
    assert changed.value.seq == 3
    blob.unlink()
    with pytest.raises(LogDamaged) as missing:
        reader.get_blob(name)
    assert str(missing.value) == f"the log of run 'run' is damaged: '{blob}' is missing"
    with pytest.raises(LogDamaged) as hostile:
        reader.get_blob("../HEAD")
    assert str(hostile.value) == (
        "the log of run 'run' is damaged: '../HEAD' is not the name of a blob"
    )


def test_a_changed_blob_is_mended_by_putting_it_again(store: Store) -> None:
    with store.create("run") as writer:
        name = writer.put_blob(b"large")
        (writer.path / "blobs" / name).write_bytes(b"")
        writer.put_blob(b"large")
    assert store.read("run").get_blob(name) == b"large"


@pytest.mark.parametrize("where", ["entry", "HEAD"])
def test_a_newer_log_is_refused_and_left_untouched(store: Store, where: str) -> None:
    path = make_run(store)
    if where == "entry":
        value, _ = stored(path, 9)
        newer = value.replace(b'"format":1', b'"format":2')
        update = "UPDATE Cache SET value = ?, tag = ? WHERE key = 9"
        execute(path, update, newer, digest(newer))
    else:
        head = json.loads((path / "HEAD").read_bytes())
        (path / "HEAD").write_text(json.dumps({**head, "format": 2}))
    before = log_files(store)
    for method in (lambda: store.read("run").verify(), lambda: store.resume("run")):
        with pytest.raises(LogTooNew) as caught:
            method()
        assert str(caught.value) == (
            "run 'run' was written by a newer agentflow: "
            "its log has format 2, this version reads up to 1"
        )
        assert caught.value.help == "upgrade agentflow; the log was left untouched"
    assert log_files(store) == before
    assert (path / "lock").read_bytes() == b""


def test_what_lies_before_a_page_that_is_malformed_is_intact(store: Store) -> None:
    path = make_run(store, entries=60) / "cache.db"
    data = bytearray(path.read_bytes())
    page = data.index(b'"number":40}') // 1024 * 1024
    data[page] = 0xFF  # no kind of page that there is
    path.write_bytes(data)
    intact, damage = store.read("run").intact()
    assert damage is not None
    assert str(damage).endswith("cache.db': database disk image is malformed")
    assert 30 < damage.seq <= 40
    assert [one["fact"]["number"] for one in intact] == list(range(damage.seq))


def test_without_head_nobody_knows_how_far_the_log_went(store: Store) -> None:
    head = make_run(store) / "HEAD"
    head.unlink()
    intact, damage = store.read("run").intact()
    assert len(intact) == 10
    assert damage is not None
    assert (damage.seq, str(damage)) == (
        10,
        f"the log of run 'run' is damaged: '{head}' is missing; how far the log went is not known",
    )


def test_a_log_that_is_whole_is_all_intact(store: Store) -> None:
    make_run(store)
    intact, damage = store.read("run").intact()
    assert (len(intact), damage) == (10, None)


def test_a_log_of_another_run_is_no_continuation(store: Store) -> None:
    mine, other = make_run(store), make_run(store, "other", entries=12)
    shutil.copy(other / "cache.db", mine / "cache.db")
    with closing(sqlite3.connect(mine / "cache.db")) as connection:
        assert connection.execute("SELECT count(*) FROM Cache").fetchone() == (12,)
    # The same records give the same chain, so the longer log is a continuation; others do not.
    assert store.read("run").verify().count == 12
    with store.create("third") as writer:
        writer.append([{"other": number} for number in range(12)])
    shutil.copy(writer.path / "cache.db", mine / "cache.db")
    assert_damaged(store, 9, "entry 9 is not the one that HEAD names")
