"""The pipelines that `pipeline` steps name: each file is read and planned once.

A file is known by its path from the folder of the spec that the run is about, with `..` taken out,
so that one file has one name whoever names it, and two files of the same name in different folders
have two.
"""

import posixpath
from collections.abc import Callable, Mapping
from typing import TypeAlias

from agentflow.contracts.models import ModelReader
from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem
from agentflow.findings import Finding
from agentflow.plan.reading import is_too_large
from agentflow.plan.steps import Child, Plan
from agentflow.spec.document import Document, parse_document
from agentflow.spec.model import Pipeline, Vocabulary
from agentflow.spec.parse import parse
from agentflow.spec.wording import quoted

#: How many pipelines may run inside of each other, the outermost included.
MAX_DEPTH = 8

#: Files on the way from the outermost pipeline to one that is being planned, that one included.
Chain: TypeAlias = tuple[str, ...]
Planner: TypeAlias = Callable[[Document, Pipeline, "Library", Chain], Plan]


class Recursion(Exception):
    """A pipeline would run inside itself, or too deep inside of others; the message says how."""


class Library:
    """Reads and plans the files that one spec and its pipelines name.

    `spec` is the path of the spec as the user gave it; `read` and `read_models` start at the folder
    of that. `planner` makes the plan of a file that could be parsed.
    """

    def __init__(
        self,
        spec: str,
        read: FileReader,
        read_models: ModelReader,
        vocabulary: Vocabulary,
        planner: Planner,
    ) -> None:
        self.read = read
        self.read_models = read_models
        self._shown = posixpath.dirname(spec)
        self.vocabulary = vocabulary
        self._planner = planner
        self._known: dict[str, Child] = {}
        self._height: dict[str, int] = {}

    def child(self, named: str, chain: Chain) -> Child:
        """The pipeline that the last file of the chain names.

        Raises:
            FileProblem: it cannot be read.
            Recursion: it is in the chain already, or the chain would be too long.
        """
        if posixpath.isabs(named):
            raise FileProblem(
                f"{quoted(named)} is an absolute path",
                help="write the path relative to the file that names it",
            )
        file = posixpath.normpath(within(posixpath.dirname(chain[-1]), named))
        if file in chain:
            raise Recursion(_circle((*chain[chain.index(file) :], file)))
        if len(chain) + self._height.get(file, 1) > MAX_DEPTH:
            raise Recursion(f"more than {MAX_DEPTH} pipelines run inside of each other")
        if file not in self._known:
            self._known[file] = child = self._understand(file, (*chain, file))
            inside = child.plan.children if child.plan else {}
            below = (self._height[inner.file] for inner in inside.values())
            self._height[file] = 1 + max(below, default=0)
        return self._known[file]

    def _understand(self, file: str, chain: Chain) -> Child:
        document = parse_document(self.read(file), within(self._shown, file))
        parsed = parse(document, self.vocabulary)
        document = document.read_as(parsed.root)
        problems: tuple[Finding, ...] = (*document.findings, *parsed.findings)
        if parsed.pipeline is None:
            return Child(file, document, None, None, problems)
        plan = self._planner(document, parsed.pipeline, self, chain)
        problems = (*problems, *plan.findings)
        if is_too_large(plan.findings):
            return Child(file, document, None, None, problems)
        return Child(file, document, parsed.pipeline, plan, problems)


def within(folder: str, path: str) -> str:
    """A path that is written in a file of `folder`, from where that folder is counted."""
    return posixpath.normpath(posixpath.join(folder, path)) if folder else path


def _circle(files: Chain) -> str:
    first, *rest = map(quoted, files)
    return f"{first} runs {', which runs '.join(rest)}"


def texts_by_file(document: Document, plan: Plan | None) -> Mapping[str, str]:
    """The texts of a spec and of the pipelines it runs, by the path that messages use."""
    texts = {document.file: document.text}
    pending = [plan]
    while pending:
        for child in (above.children if (above := pending.pop()) else {}).values():
            if child.document.file not in texts:
                texts[child.document.file] = child.document.text
                pending.append(child.plan)
    return texts
