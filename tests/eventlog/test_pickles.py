"""Planted pickles never run (CVE-2025-69872): in a value, a key, a side file, the settings."""

import pickle
from collections.abc import Callable
from pathlib import Path

import diskcache
import pytest

from agentflow.errors import LogDamaged
from agentflow.eventlog import Store
from agentflow.eventlog.disk import RawDisk, open_cache

from .logs import contents, execute, make_run


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.marker,)


def in_value(folder: Path, trap: bytes) -> None:
    execute(folder, "UPDATE Cache SET mode = 4, value = ? WHERE key = 0", trap)


def in_side_file(folder: Path, trap: bytes) -> None:
    (folder / "trap.val").write_bytes(trap)
    update = "UPDATE Cache SET mode = 4, filename = 'trap.val', value = NULL WHERE key = 0"
    execute(folder, update)


def in_key(folder: Path, trap: bytes) -> None:
    execute(folder, "INSERT INTO Cache(key, raw, mode, value) VALUES (?, 0, 1, x'00')", trap)


def in_settings(folder: Path, trap: bytes) -> None:
    execute(folder, "UPDATE Settings SET value = ? WHERE key = 'disk_pickle_protocol'", trap)


PLACES = [in_value, in_side_file, in_key, in_settings]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


def plant(store: Store, place: Callable[[Path, bytes], None], marker: Path) -> Path:
    path = make_run(store, entries=1)
    place(path, pickle.dumps(Trap(marker)))
    return path


@pytest.mark.parametrize("place", [in_value, in_side_file, in_key])
def test_the_trap_works(store: Store, place: Callable[[Path, bytes], None], marker: Path) -> None:
    with diskcache.Cache(str(plant(store, place, marker))) as cache:
        for key in cache:
            cache.get(key)
    assert marker.exists()


@pytest.mark.parametrize("place", PLACES)
def test_planted_pickles_never_run(
    store: Store, place: Callable[[Path, bytes], None], marker: Path
) -> None:
    path = plant(store, place, marker)
    before = contents(path)
    if place is not in_settings:  # which readers do not look at
        with pytest.raises(LogDamaged):
            store.read("run").verify()
        with pytest.raises(LogDamaged):
            list(store.read("run").records())
    with pytest.raises(LogDamaged):
        store.resume("run")
    assert not marker.exists()
    assert contents(path).keys() == before.keys()


@pytest.mark.parametrize("place", PLACES)
def test_even_the_bare_store_revives_nothing(
    store: Store, place: Callable[[Path, bytes], None], marker: Path
) -> None:
    cache = open_cache(plant(store, place, marker), power=False)
    if place in (in_value, in_side_file):
        with pytest.raises(ValueError, match=r"^a value of the store is not raw bytes$"):
            cache.get(0)
    elif place is in_key:
        with pytest.raises(ValueError, match=r"^a key of the store is not a raw integer$"):
            list(cache)
    cache.close()
    assert not marker.exists()


@pytest.mark.parametrize("key", ["text", 1.5, b"bytes", (1, 2), None, True])
def test_other_keys_are_refused(key: object) -> None:
    with pytest.raises(TypeError) as caught:
        RawDisk(".").put(key)
    assert str(caught.value) == f"key is {type(key).__name__}, expected int"


@pytest.mark.parametrize("value", ["text", 1, 1.5, None, [1], bytearray(b"x")])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        RawDisk(".").store(value, False, 3)
    assert str(caught.value) == f"value of key 3 is {type(value).__name__}, expected bytes"


def test_files_are_neither_made_nor_removed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    path = make_run(store, entries=1)
    update = "UPDATE Cache SET filename = '../../../precious', expire_time = 1 WHERE key = 0"
    execute(path, update)
    cache = open_cache(path, power=False)
    with pytest.raises(ValueError, match=r"^the store has no file '../../../precious' to remove$"):
        cache.add(0, b"new")
    cache.close()
    with pytest.raises(ValueError, match=r"^the store keeps no values in files$"):
        RawDisk(".").filename()
    assert (tmp_path / "precious").exists()
