"""Measure, and print the table that stands in the README."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from agentflow.lint.linter import examine
from agentflow.lint.rule import Context, Rule
from agentflow.lint.rules import RULES, incompatible_argument, wrong_expression_type
from agentflow.loading import load
from benchmarks import durable, linters, measure, specs

STEPS = 1_000
RUNS = 5


def main() -> None:
    """Print a Markdown table, row by row as it is measured."""
    print("| what | measured | beside | ratio |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="agentflow-bench-") as name:
        folder = Path(name)
        specs.write_module(folder)
        for row in chain(
            linters.rows(folder),
            linters.growth(folder),
            _memory(folder),
            _durability(folder),
            _chats(),
            # Last, since it fills this process: its children and its own runs would feel it.
            _contracts(folder),
        ):
            print(f"| {' | '.join(row)} |", flush=True)


def _contracts(folder: Path) -> Iterator[tuple[str, ...]]:
    """What types and compatibility add to the other rules, with other contracts every time."""
    proving = (incompatible_argument, wrong_expression_type)
    others = [rule for rule in RULES if rule not in proving]
    numbers = count(1, STEPS)
    for pairs in (50, STEPS):

        def seconds(rules: Sequence[Rule], pairs: int = pairs) -> float:
            spec = load(specs.handoffs(folder, STEPS, pairs, next(numbers)))
            context = Context(spec.document, spec.pipeline, spec.plan, spec.problems)
            began = time.perf_counter()
            if examine(context, rules).findings:
                raise SystemExit("the spec to measure with has findings")
            return time.perf_counter() - began

        every, fewer = measure.in_turn(RUNS, lambda: seconds(RULES), lambda: seconds(others))
        yield (
            f"types and compatibility, {STEPS:,} steps, {pairs:,} pairs of contracts",
            f"{every - fewer:.2f} s",
            f"the other rules: {fewer:.2f} s",
            f"{(every - fewer) / fewer:.1f}",
        )


def _durability(folder: Path) -> Iterator[tuple[str, ...]]:
    """A step of a run beside a bare insert of the same bytes."""
    for name, path in (
        ("chain", specs.chain(folder, STEPS)),
        ("fan-out", specs.fan_out(folder, STEPS)),
    ):
        rows = durable.rows_of_a_run(path)
        ours, floor = measure.in_turn(
            RUNS,
            durable.seconds_of_a_run(path),
            durable.seconds_of_bare_inserts(rows, STEPS),
        )
        yield (
            f"{name} of {STEPS:,} steps that do nothing, durable",
            f"{ours / STEPS * 1e6:.0f} µs a step",
            f"bare SQLite insert: {floor / STEPS * 1e6:.0f} µs",
            f"{ours / floor:.1f}",
        )


def _chats() -> Iterator[tuple[str, ...]]:
    """Calls of chat models, measured by a process that LiteLLM may fill."""
    command = [sys.executable, "-m", "benchmarks.chats"]
    yield from json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _memory(folder: Path) -> Iterator[tuple[str, ...]]:
    """Peak memory of a process that runs a wide fan-out, beside one that runs a single item."""
    wide, narrow = specs.fan_out(folder, 10_000), specs.fan_out(folder, 1)
    most = measure.command(["run", "--quiet", str(wide)], folder)
    least = measure.command(["run", "--quiet", str(narrow)], folder)
    yield (
        "memory of a fan-out of 10,000 items",
        f"{most.mebibytes:.0f} MiB",
        f"one item: {least.mebibytes:.0f} MiB",
        f"{most.mebibytes / least.mebibytes:.1f}",
    )


if __name__ == "__main__":
    main()
