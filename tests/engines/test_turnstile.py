"""Limits that all runs on the machine share: places, the minute, and processes that die."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agentflow.engines.turnstile import Turn, Turnstile, shared_folder
from agentflow.errors import StoreError
from agentflow.spec.model import Limits

MODEL = "openai/m"


class Clock:
    """A clock that goes on when somebody waits for it; `each` is done with every wait."""

    def __init__(self, each: Callable[[], None] = lambda: None) -> None:
        self.now = 1_000.0
        self.each = each

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.now += seconds
        self.each()
        await asyncio.sleep(0)


def admitted(
    folder: Path, clock: Clock, limits: Limits, tokens: int = 0, told: list[str] | None = None
) -> Turn:
    """A turn of a process of its own, as far as the files can tell."""
    turnstile = Turnstile(folder, clock, clock.wait)
    tell = (told if told is not None else []).append
    return asyncio.run(turnstile.admit(MODEL, limits, tokens, tell))


def test_a_call_waits_for_a_place(tmp_path: Path) -> None:
    limits = Limits(concurrency=2)
    first = admitted(tmp_path, Clock(), limits)
    second = admitted(tmp_path, Clock(), limits)
    told: list[str] = []
    clock = Clock(lambda: first.leave(None) if clock.now > 1_003 else None)
    third = admitted(tmp_path, clock, limits, told=told)
    assert clock.now > 1_003
    assert told == [f"no place is free for '{MODEL}' on this machine (concurrency: 2)"]
    for turn in (second, third):
        turn.leave(None)
    admitted(tmp_path, Clock(), limits, told=told)
    assert len(told) == 1


def test_other_models_have_places_of_their_own(tmp_path: Path) -> None:
    admitted(tmp_path, Clock(), Limits(concurrency=1))
    other = Turnstile(tmp_path, Clock(), Clock().wait)
    asyncio.run(other.admit("openai/other", Limits(concurrency=1), 0, pytest.fail))


def test_requests_of_a_minute(tmp_path: Path) -> None:
    limits, clock, told = Limits(requests_per_minute=2), Clock(), list[str]()
    times = []
    for _ in range(5):
        admitted(tmp_path, clock, limits, told=told)
        times.append(clock.now - 1_000)
    assert times == [0, 0, 60, 60, 120]
    assert told == [f"the last minute of '{MODEL}' is used up on this machine"] * 2


def test_the_minute_of_a_call_begins_when_its_request_leaves(tmp_path: Path) -> None:
    limits, clock = Limits(requests_per_minute=2), Clock()
    turns = [admitted(tmp_path, clock, limits) for _ in range(2)]
    clock.now += 15
    for turn in turns:
        turn.begin()
        turn.leave(100)
    admitted(tmp_path, clock, limits)
    assert clock.now == 1_075


def test_tokens_of_a_minute_are_set_right_when_the_call_has_ended(tmp_path: Path) -> None:
    limits, clock = Limits(tokens_per_minute=1_000), Clock()
    admitted(tmp_path, clock, limits, 900).leave(100)
    admitted(tmp_path, clock, limits, 900)
    assert clock.now == 1_000
    admitted(tmp_path, clock, limits, 900)
    assert clock.now == 1_060


def test_a_clock_that_was_put_back_holds_nobody_up(tmp_path: Path) -> None:
    later, limits = Clock(), Limits(requests_per_minute=1)
    later.now += 1_000_000
    admitted(tmp_path, later, limits)
    clock = Clock()
    admitted(tmp_path, clock, limits)
    assert clock.now == 1_000


def test_a_minute_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    limits, clock = Limits(requests_per_minute=1), Clock()
    admitted(tmp_path, clock, limits)
    (minute,) = tmp_path.glob("*/minute")
    for damage in (b"", b"[1]", b'{"a": 1}', b"\xff"):
        minute.write_bytes(damage)
        admitted(tmp_path, clock, limits)
    assert clock.now == 1_000


def test_who_is_cancelled_while_waiting_has_taken_nothing(tmp_path: Path) -> None:
    limits = Limits(concurrency=1, requests_per_minute=1)
    clock = Clock()
    admitted(tmp_path, clock, limits).leave(None)

    async def cancelled() -> None:
        turnstile = Turnstile(tmp_path, clock, lambda _seconds: asyncio.sleep(3600))
        waiting = asyncio.create_task(turnstile.admit(MODEL, limits, 0, lambda _why: None))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(cancelled())
    told: list[str] = []
    admitted(tmp_path, clock, limits, told=told)
    assert told == [f"the last minute of '{MODEL}' is used up on this machine"]


HOLDER = """
import asyncio, pathlib, sys
from agentflow.engines.turnstile import Turnstile
from agentflow.spec.model import Limits
turn = asyncio.run(Turnstile(pathlib.Path(sys.argv[1])).admit("openai/m", Limits(concurrency=1), 0, print))
print("admitted", flush=True)
sys.stdin.read()
"""


def test_a_process_that_is_killed_keeps_no_place(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"admitted\n"
        told: list[str] = []
        clock = Clock(process.kill)
        admitted(tmp_path, clock, Limits(concurrency=1), told=told).leave(None)
    assert told == [f"no place is free for '{MODEL}' on this machine (concurrency: 1)"]


def test_the_folder_is_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = shared_folder()
    assert (folder, folder.stat().st_mode & 0o777) == (tmp_path / "agentflow", 0o700)
    folder.rmdir()
    folder.symlink_to("/tmp")
    with pytest.raises(StoreError, match="is not a folder but a symbolic link"):
        shared_folder()
