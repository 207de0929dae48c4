"""The specs that a command line means."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agentflow.errors import UsageError
from agentflow.loading import Spec, load, load_bytes
from agentflow.spec.document import MAX_BYTES

SUFFIXES = (".yaml", ".yml")


def read_spec(path: str, *, imports: bool) -> Spec:
    """The spec at a path, or on stdin for `-`; see `loading.load` for `imports`.

    Raises:
        FileProblem: it cannot be read.
    """
    if path == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
        return load_bytes(data, "<stdin>", Path.cwd(), imports=imports)
    return load(path, imports=imports)


def spec_paths(paths: Sequence[str]) -> Iterator[str]:
    """The paths of specs, each once: a folder stands for the specs that lie directly in it.

    Raises:
        UsageError: there are none in a folder.
    """
    yield from dict.fromkeys(_all_paths(paths))


def _all_paths(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if path != "-" and Path(path).is_dir():
            found = sorted(str(file) for file in Path(path).iterdir() if file.suffix in SUFFIXES)
            if not found:
                raise UsageError(
                    f"there are no specs in the folder '{path}'",
                    help="a spec is a file that ends in .yaml or .yml",
                )
            yield from found
        else:
            yield path
