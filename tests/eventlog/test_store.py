"""Making, finding, resuming and reading runs."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentflow.errors import StoreError, UnknownRun, UsageError
from agentflow.eventlog import Store, Verified
from agentflow.eventlog.chain import GENESIS

from .logs import CLEAN, contents, files_of, make_run, record, run_code

HOSTILE_IDS = [
    "", " ", ".", "..", "../run", "../../etc/passwd", "/", "/etc", "/etc/passwd", "~", "~root",
    "a/b", "a\\b", "a/../b", "./run", "run/", "run/HEAD", "run\0", "\0", "run\n", "\nrun", "run ",
    " run", "-run", "-", "--help", "-rf", "Run", "RUN", "run.db", "run_1", "rün", "r\u2044n",
    "\u202enur", "\x1b[31mrun", "run;ls", "$(ls)", "$HOME", "%2e%2e", "run*", "run?", "a" * 65,
    ".new-run", "CON", "run:stream", "x" * 100_000,
]  # fmt: skip
ALPHABET = "a run id is 1 to 64 of a-z, 0-9 and '-', and does not begin with '-'"


def test_what_was_appended_is_read(store: Store) -> None:
    path = make_run(store, entries=3)
    with store.read("run") as reader:
        assert list(reader.records()) == [{**record(n), "seq": n} for n in range(3)]
        assert list(reader.records(2)) == [{**record(2), "seq": 2}]
        assert list(reader.records(3)) == []
        assert reader.verify().count == 3
        assert not reader.live
        assert reader.path == path


def test_a_new_run_is_empty_and_whole(store: Store) -> None:
    store.create("run").close()
    assert store.read("run").verify() == Verified(0, GENESIS)
    assert list(store.read("run").records()) == []


def test_resume_goes_on_where_the_log_ends(store: Store) -> None:
    make_run(store, entries=3)
    with store.resume("run") as writer:
        assert writer.next_seq == 3
        assert [entry["seq"] for entry in writer.records()] == [0, 1, 2]
        writer.append([record(3), record(4)])
        assert [entry["seq"] for entry in writer.records()] == [0, 1, 2, 3, 4]
    assert store.read("run").verify().count == 5


@pytest.mark.parametrize("durability", ["process", "power"])
def test_nothing_is_left_beside_an_ended_run(store: Store, durability: str) -> None:
    store = Store(store.root, "power" if durability == "power" else "process")
    with store.create("run") as writer:
        writer.append([record(0)])
    assert files_of(writer.path) == CLEAN
    assert files_of(store.root / "runs") == {"run"}
    assert (writer.path / "lock").read_bytes() == b""


def test_a_run_is_made_once(store: Store) -> None:
    path = make_run(store)
    before = contents(path)
    with pytest.raises(StoreError) as caught:
        store.create("run")
    assert str(caught.value) == f"run 'run' exists already in '{store.root}'"
    assert contents(path) == before


def test_what_a_killed_creator_left_is_no_run_and_is_used_up(store: Store) -> None:
    left = store.root / "runs" / ".new-run"
    (left / "blobs").mkdir(parents=True)
    (left / "cache.db").write_bytes(b"half of a database")
    (left / "lock").touch()
    assert store.runs() == []
    make_run(store)
    assert files_of(store.root / "runs") == {"run"}
    assert store.read("run").verify().count == 10


def test_a_run_that_cannot_be_made_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("no")

    monkeypatch.setattr("agentflow.eventlog.store._open", refuse)
    with pytest.raises(StoreError, match=r"^no$"):
        store.create("run")
    assert files_of(store.root / "runs") == set()


def test_runs_are_newest_first_and_foreign_folders_are_ignored(store: Store) -> None:
    assert store.runs() == []
    for name in ("2026-01", "2026-03", "2026-02"):
        make_run(store, name, entries=1)
    (store.root / "runs" / "Backup of mine").mkdir()
    (store.root / "runs" / "notes").write_text("a file")
    assert store.runs() == ["2026-03", "2026-02", "2026-01"]


def test_a_run_is_found_by_its_beginning(store: Store) -> None:
    for name in ("alpha-1", "alpha-2", "beta", "beta-2"):
        make_run(store, name, entries=1)
    assert store.find("beta") == "beta"
    assert store.find("alpha-2") == "alpha-2"
    assert store.read("beta-").path.name == "beta-2"
    with store.resume("beta-") as writer:
        assert writer.path.name == "beta-2"


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("alpha", "'alpha' is the beginning of 2 run ids in ", "one of 'alpha-2', 'alpha-1'"),
        ("a", "'a' is the beginning of 2 run ids in ", "one of 'alpha-2', 'alpha-1'"),
        ("betta", "there is no run 'betta' in ", "did you mean 'beta'?"),
        ("zzz", "there is no run 'zzz' in ", "the newest are 'x', 'beta', 'alpha-2' and 1 more"),
    ],
)
def test_an_unknown_run_is_told_with_its_neighbours(
    store: Store, text: str, message: str, advice: str
) -> None:
    for name in ("alpha-1", "alpha-2", "beta", "x"):
        make_run(store, name, entries=0)
    for method in (store.find, store.read, store.resume):
        with pytest.raises(UnknownRun) as caught:
            method(text)
        assert (str(caught.value), caught.value.help) == (f"{message}'{store.root}'", advice)


def test_a_whole_id_is_found_without_a_look_at_the_others(store: Store) -> None:
    """Commands about all runs name each of them."""
    make_run(store)
    code = """
        looks = []
        sys.addaudithook(lambda event, values: looks.append(values) if event == "os.scandir" else None)
        found = [Store(root).find(text) for text in ("run", "ru")]
        print(found, len(looks))
    """
    assert run_code(store, code).stdout == "['run', 'run'] 1\n"


def test_an_empty_store_says_so_and_is_not_made(store: Store) -> None:
    with pytest.raises(UnknownRun) as caught:
        store.resume("run")
    assert str(caught.value) == f"there is no run 'run' in '{store.root}'"
    assert caught.value.help == "there are no runs in it; another store is named with --store"
    assert not store.root.exists()


@pytest.mark.parametrize("text", HOSTILE_IDS, ids=[ascii(text[:20]) for text in HOSTILE_IDS])
def test_hostile_run_ids_are_never_paths(store: Store, text: str) -> None:
    make_run(store)
    before = contents(store.root)
    shown = ascii(text if len(text) <= 80 else text[:80] + "...")
    for method in (store.find, store.read, store.resume):
        with pytest.raises(UnknownRun) as unknown:
            method(text)
        assert str(unknown.value) == f"{shown} is not a run id"
        assert unknown.value.help == ALPHABET
    with pytest.raises(UsageError) as caught:
        store.create(text)
    assert str(caught.value) == f"{shown} is not a run id"
    assert contents(store.root) == before


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(store: Store, umask: int) -> None:
    code = f"""
        os.umask({umask})
        writer = Store(root).create("run")
        writer.append([{{"n": 1}}])
        writer.put_blob(b"large")
        writer.seal()
        os.kill(os.getpid(), 9)
    """
    run_code(store, code)
    modes = {
        str(path.relative_to(store.root)): stat.S_IMODE(path.lstat().st_mode)
        for path in [store.root, *store.root.rglob("*")]
    }
    folders = {".", "runs", "runs/run", "runs/run/blobs"}
    assert {"runs/run/cache.db-wal", "runs/run/cache.db-shm", "runs/run/HEAD"} < set(modes)
    assert modes == {name: 0o700 if name in folders else 0o600 for name in modes}


@pytest.mark.parametrize("name", ["", "runs", "runs/run"])
def test_links_to_folders_are_refused(store: Store, tmp_path: Path, name: str) -> None:
    make_run(store)
    place = store.root / name
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    for method in (store.read, store.resume):
        with pytest.raises(StoreError) as caught:
            method("run")
        assert str(caught.value) == f"'{place}' is not a folder but a symbolic link"


@pytest.mark.parametrize("name", ["cache.db", "HEAD", "cache.db-wal", "cache.db-shm"])
def test_links_to_files_are_refused(store: Store, tmp_path: Path, name: str) -> None:
    place = make_run(store) / name
    if place.exists():
        place.rename(tmp_path / "elsewhere")
    else:
        (tmp_path / "elsewhere").touch()
    place.symlink_to(tmp_path / "elsewhere")
    expected = (
        f"cannot read '{place}': too many levels of symbolic links"
        if name == "HEAD"
        else f"'{place}' is not a regular file but a symbolic link"
    )
    for method in (lambda: store.read("run").verify(), lambda: store.resume("run")):
        with pytest.raises(StoreError) as caught:
            method()
        assert str(caught.value) == expected


def test_a_linked_lock_or_blob_folder_is_refused(store: Store, tmp_path: Path) -> None:
    path = make_run(store)
    (tmp_path / "target").write_text("precious")
    (path / "lock").unlink()
    (path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(StoreError, match="too many levels of symbolic links"):
        store.resume("run")
    (path / "lock").unlink()
    (path / "blobs").rmdir()
    (path / "blobs").symlink_to(tmp_path)
    with pytest.raises(StoreError, match=r"blobs' is not a folder but a symbolic link$"):
        store.resume("run")
    assert (tmp_path / "target").read_text() == "precious"


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(store: Store) -> None:
    path = make_run(store)
    (path / "HEAD").unlink()
    os.mkfifo(path / "HEAD")
    with pytest.raises(StoreError) as caught:
        store.read("run").verify()
    assert str(caught.value) == f"'{path / 'HEAD'}' is not a regular file"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", [".", "HEAD", "cache.db", "lock"])
def test_what_belongs_to_others_is_refused(store: Store, name: str) -> None:
    path = make_run(store)
    os.chown(path / name, 12345, 12345)
    with pytest.raises(StoreError) as caught:
        store.resume("run")
    assert str(caught.value) == f"'{path / name}' belongs to user 12345, not to you (user 0)"


def test_a_path_that_diskcache_would_expand_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "$HOME")
    with pytest.raises(StoreError) as caught:
        store.create("run")
    place = tmp_path / "$HOME" / "runs" / ".new-run"
    assert str(caught.value) == (
        f"cannot use '{place}': the store would take the '$' in it for a variable"
    )
    assert caught.value.help == "use a folder without '$' in its path"


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "#1", "ü", "file:x", "a&mode=rwc"])
def test_odd_folder_names_are_no_trouble(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / name)
    make_run(store)
    assert store.read("run").verify().count == 10
    assert files_of(tmp_path) == {name}


def test_readers_do_not_import_diskcache(store: Store) -> None:
    make_run(store)
    code = """
        Store(root).read("run").verify()
        print("diskcache" in sys.modules)
    """
    assert run_code(store, code).stdout == "False\n"


def test_importing_is_light() -> None:
    code = "import agentflow.eventlog, sys; print({'diskcache', 'asyncio'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n"
