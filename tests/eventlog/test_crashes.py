"""kill -9 at random moments: what was acknowledged is stored, and the run can go on."""

import random
import time

import pytest

from agentflow.eventlog import Store

from .logs import CLEAN, files_of, kill, record, running

# Tells the number of entries after each append, so that what was told was acknowledged before.
APPENDING = """
    writer = Store(root).resume("run")
    print(writer.next_seq, flush=True)
    for turn in range(100_000):
        writer.append([{"turn": turn, "text": "x" * (turn % 3000)}] * (1 + turn % 3))
        if turn % 7 == 0:
            writer.seal()
        if turn % 11 == 0:
            writer.put_blob(os.urandom(2000))
        print(writer.next_seq, flush=True)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_acknowledged_entries_survive_a_kill(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    store.create("run").close()
    stored = 0
    for _ in range(6):
        with running(store, APPENDING) as process:
            assert process.stdout is not None
            assert int(process.stdout.readline()) == stored
            time.sleep(chance.uniform(0, 0.15))
            kill(process)
            told = process.stdout.read().split("\n")
        acknowledged = int(told[-2]) if len(told) > 1 else stored
        stored = store.read("run").verify().count
        assert stored >= acknowledged
    with store.resume("run") as writer:
        assert writer.next_seq == stored
        writer.append([record(stored)])
    assert files_of(writer.path) == CLEAN
    assert not [name for name in files_of(writer.path / "blobs") if name.endswith(".new")]


CREATING = """
    print("ready", flush=True)
    for turn in range(100_000):
        Store(root).create(f"run-{turn}").close()
"""


def test_a_kill_while_runs_are_made_leaves_no_half_run(store: Store) -> None:
    chance = random.Random(3)
    for _ in range(6):
        with running(store, CREATING) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.05, 0.2))
            kill(process)
        for run in store.runs():
            assert store.read(run).verify().count == 0
            store.resume(run).close()
        turn = len(store.runs())
        store.create(f"run-{turn}").close()
        assert files_of(store.root / "runs") == set(store.runs())
        for path in (store.root / "runs").iterdir():
            path.rename(store.root.parent / f"{path.name}-{time.monotonic_ns()}")


RESUMING = """
    print("ready", flush=True)
    while True:
        with Store(root).resume("run") as writer:
            writer.append([{"n": writer.next_seq}])
"""


def test_a_kill_during_resume(store: Store) -> None:
    chance = random.Random(4)
    store.create("run").close()
    count = 0
    for _ in range(6):
        with running(store, RESUMING) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.05, 0.25))
            kill(process)
        found = [entry["n"] for entry in store.read("run").records()]
        assert found == list(range(len(found)))
        assert len(found) >= count
        count = len(found)
