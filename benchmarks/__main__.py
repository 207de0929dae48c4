"""Measure, and print the table that stands in the README."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from agentflow.lint.linter import examine
from agentflow.lint.rule import Context, Rule
from agentflow.lint.rules import RULES, incompatible_argument, wrong_expression_type
from agentflow.loading import load
from benchmarks import durable, linters, measure, specs

STEPS = 1_000
RUNS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a Markdown table, row by row as it is measured."""
    chosen = _parser().parse_args(arguments).parts
    print("| what | measured | beside | ratio |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="agentflow-bench-") as name:
        folder = Path(name)
        specs.write_module(folder)
        for part, (rows, _) in PARTS.items():
            if not chosen or part in chosen:
                for row in rows(folder):
                    print(f"| {' | '.join(row)} |", flush=True)


def _parser() -> argparse.ArgumentParser:
    parts = "\n".join(f"  {part:<11} {about}" for part, (_, about) in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\n\nparts:\n{parts}",
        epilog="Parts that are left out are not measured; without any, all are, in some minutes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", type=_part, help="what is measured")
    return parser


def _part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(
            f"there is no part '{name}': choose from {', '.join(PARTS)}"
        )
    return name


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


def _chats(_folder: Path) -> Iterator[tuple[str, ...]]:
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


#: What there is to measure, each with what it is about.
PARTS: dict[str, tuple[Callable[[Path], Iterable[tuple[str, ...]]], str]] = {
    "linters": (linters.rows, "validate beside other linters, on files of the same length"),
    "growth": (linters.growth, "validate of specs that grow, and of several files"),
    "memory": (_memory, "the memory of a wide fan-out"),
    "durability": (_durability, "a step of a run beside a bare insert"),
    "chats": (_chats, "a call of a chat model beside a bare request"),
    # Last, since it fills this process: its children and its own runs would feel it.
    "contracts": (_contracts, "what the rules about types add to the others"),
}


if __name__ == "__main__":
    main()
