"""How things are measured: medians of runs that take turns, and whole processes from outside."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: A program that is installed is compiled once and for all, whatever this says here.
_COMPILES = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True, slots=True)
class Process:
    """A finished process: wall seconds, and its peak memory in MiB."""

    seconds: float
    mebibytes: float


def command(arguments: Sequence[str], folder: Path, *, cores: int | None = None) -> Process:
    """Run `python -m agentflow …` to its end, on so many cores at most."""
    return program([sys.executable, "-m", "agentflow", *arguments], folder, cores=cores)


def program(arguments: Sequence[str | Path], folder: Path, *, cores: int | None = None) -> Process:
    """Run a program to its end; it has to succeed."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(ours)[:cores])  # a child may run where its parent may
    began = time.perf_counter()
    child = subprocess.Popen(
        arguments,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != _COMPILES},
        stdout=subprocess.DEVNULL,
    )
    os.sched_setaffinity(0, ours)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} failed")
    return Process(seconds, usage.ru_maxrss / 1024)


def in_turn(runs: int, *measured: Callable[[], float]) -> list[float]:
    """The median of each, with A B A B … so that a machine that slows down slows all of them."""
    taken: list[list[float]] = [[] for _ in measured]
    for _ in range(runs):
        for times, measure in zip(taken, measured, strict=True):
            times.append(measure())
    return [statistics.median(times) for times in taken]
