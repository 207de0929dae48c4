"""The specs of this project, from which others are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from agentflow.errors import FileProblem
from agentflow.project import ProjectReader

ROOT = Path(__file__).parents[2]
#: Those that can run, and those that show what may be wrong.
GOOD = ("specs", "tests/cases/lint/ok", "tests/cases/spec/good", "tests/cli/project")
BAD = ("tests/cases/lint/bad", "tests/cases/spec/bad")
#: Characters from which on a spec is too slow to be tried a thousand times.
MOST = 12_000


@dataclass(frozen=True, slots=True)
class Case:
    """A spec. The files that it names are `files`, or those of a folder of this project."""

    text: str
    name: str = "spec.yaml"
    folder: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str:
        """The text of a file that the spec names."""
        if self.folder is not None:
            return ProjectReader(ROOT / self.folder)(path)
        if path not in self.files:
            raise FileProblem(f"there is no file '{path}'")
        return self.files[path]


@cache
def corpus(folders: tuple[str, ...] = GOOD + BAD) -> tuple[Case, ...]:
    """All specs that are small enough, in the order of their paths."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            text = path.read_bytes().decode("utf-8", "replace")
            if len(text) <= MOST:
                found.append(Case(text, path.name, str(path.parent.relative_to(ROOT))))
    return tuple(found)
