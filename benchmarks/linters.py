"""`validate` beside other linters: whole processes, the same file or one of the same length.

check-jsonschema holds the same spec against our schema, yamllint reads the same spec, and
actionlint and zizmor check a workflow of GitHub with as many lines. They do different things, and
less or more of them: what is compared is how long somebody waits. `peers.txt` says how to install
them.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import measure, specs

RUNS = 9
SIZES = (3, 1_000)
FILES = 8

ROOT = Path(__file__).parent.parent
_BIN = ROOT / ".venv-peers" / "bin"
_SCHEMA = ROOT / "schemas" / "pipeline.v1.schema.json"


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """The rows of the table."""
    for size in SIZES:
        spec = specs.chain(folder, size)
        workflow = specs.workflow(folder, len(spec.read_text().splitlines()))
        peers = {
            name: measured
            for name, measured in _peers(spec, workflow, folder).items()
            if (_BIN / name).exists()
        }
        ours, *others = measure.in_turn(RUNS, partial(_ours, spec), *peers.values())
        if not peers:
            print(f"no peers in {_BIN}: see benchmarks/peers.txt", file=sys.stderr)
            yield f"`validate`, {size:,} steps", _time(ours), "", ""
        for name, theirs in zip(peers, others, strict=True):
            yield (
                f"`validate`, {size:,} steps",
                _time(ours),
                f"{name}: {_time(theirs)}",
                f"{ours / theirs:.2f}",
            )


def growth(folder: Path) -> Iterator[tuple[str, ...]]:
    """Ten times the steps, and two cores for several files."""
    paths = [specs.chain(folder, size) for size in (1_000, 10_000)]
    middle, large = measure.in_turn(3, *(partial(_ours, path) for path in paths))
    yield (
        "`validate`, 10,000 steps",
        _time(large),
        f"1,000 steps: {_time(middle)}",
        f"{large / middle:.1f}",
    )
    several = folder / "several"
    several.mkdir()
    for number in range(FILES):
        specs.chain(several, 500).rename(several / f"{number}.yaml")
    two, one = measure.in_turn(5, partial(_ours, several), partial(_ours, several, cores=1))
    yield (
        f"`validate`, {FILES} files of 500 steps, two cores",
        _time(two),
        f"one core: {_time(one)}",
        f"{two / one:.2f}",
    )


def _peers(spec: Path, workflow: Path, folder: Path) -> dict[str, Callable[[], float]]:
    """How each peer is called."""
    calls: dict[str, list[str | Path]] = {
        "check-jsonschema": ["--schemafile", _SCHEMA, spec],
        "yamllint": ["-d", "relaxed", spec],
        "actionlint": [workflow],
        "zizmor": ["--offline", "--no-exit-codes", "--no-progress", "--quiet", workflow],
    }
    return {name: partial(_theirs, [_BIN / name, *calls[name]], folder) for name in calls}


def _theirs(command: list[str | Path], folder: Path) -> float:
    return measure.program(command, folder).seconds


def _ours(path: Path, cores: int = 2) -> float:
    return measure.command(["validate", str(path)], path.parent, cores=cores).seconds


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
