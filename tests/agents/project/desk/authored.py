"""Functions as authors write them, and as they should not."""

import asyncio
import enum
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CALLS = 0


class Color(enum.StrEnum):
    RED = "red"


def echo(**given: Any) -> dict[str, Any]:
    return given


async def echo_later(**given: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return given


def extract(body: str) -> dict[str, int]:
    return {"length": len(body)}


def chatty(body: str) -> dict[str, str]:
    sys.stdout.write("a word of the author's\n")
    os.write(1, b"and bytes\n")
    return {"body": body}


def read_stdin() -> dict[str, str]:
    return {"read": sys.stdin.read()}


def count() -> dict[str, int]:
    global CALLS  # noqa: PLW0603 - what the test is about
    CALLS += 1
    return {"pid": os.getpid(), "calls": CALLS}


def where() -> dict[str, Any]:
    return {"cwd": os.getcwd(), "path": sys.path[:2], "leader": os.getpgrp() == os.getpid()}


def fails(**_: Any) -> None:
    raise ValueError("no such\norder: 17")


async def fails_later() -> None:
    await asyncio.sleep(0)
    raise ValueError("no such order: 17")


def fails_at_length() -> None:
    raise ValueError("x" * 100_000)


def fails_to_say_why() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    raise MuteError


def type_error_inside() -> None:
    extract(17)  # type: ignore[arg-type]


def leaves() -> None:
    sys.exit(4)


def dies() -> None:
    sys.stderr.write("last words\n")
    sys.stderr.flush()
    os._exit(3)


def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def answers(what: str) -> Any:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return {
        "tuple": {"a": (1, 2)},
        "enum": {"color": Color.RED},
        "nan": {"scores": [0.5, float("nan")]},
        "infinite": float("inf"),
        "object": {"found": [{"when": Path("x")}]},
        "bytes": b"x",
        "set": {"a": {1}},
        "key": {"counts": {3: "x"}},
        "surrogate": {"body": "\ud800"},
        "surrogate_key": {"\ud800": 1},
        "big": {"n": 2**64},
        "deep": deep,
        "large": "x" * 10_000_000,
        "none": None,
    }[what]


def mutate(found: list[int]) -> list[int]:
    found.append(4)
    return found


def hangs(note: str, **_: Any) -> None:
    Path(note).write_text(str(os.getpid()))
    while True:
        pass


def hangs_on(note: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hangs(note)


async def hangs_later(note: str, **_: Any) -> None:
    Path(note).write_text(str(os.getpid()))
    await asyncio.sleep(3600)


def hangs_in_c(note: str) -> None:
    Path(note).write_text(str(os.getpid()))
    sum(range(10**15))  # holds the interpreter's lock all the time


def leaves_child(note: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    Path(note).write_text(str(child.pid))
    time.sleep(3600)


def leaves_session(note: str) -> None:
    """What it starts leaves its process group, and its own parent."""
    sleep = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(3600)"
    away = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', *sys.argv[1:]], start_new_session=True)"
    subprocess.run([sys.executable, "-c", away, sleep, note], check=True)
    time.sleep(3600)


not_a_function = 17


def learns(body: str, violations: list[str] | None = None) -> dict[str, Any]:
    return {"body": body, "violations": violations}


def keyed(order: int, idempotency_key: str) -> list[Any]:
    return [order, idempotency_key]


def keyed_at_will(order: int, *, idempotency_key: str | None = None) -> list[Any]:
    return [order, idempotency_key]


def dawdles(**_: Any) -> None:
    time.sleep(0.05)
