"""Texts that an author wrote for models and people, each with where it stands."""

import re
from collections.abc import Iterator

from msgspec import Struct

from agentflow.findings import Location
from agentflow.plan.steps import Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Agent, TextFile
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar, Sequence


class Written(Struct, frozen=True):
    """A text; `path` is where it stands, or with `elsewhere` where the file with it is named."""

    text: str
    path: Path
    elsewhere: bool = False

    def place(self, document: Document, found: re.Match[str], group: str | int = 0) -> Location:
        """Where a part of it stands in the spec."""
        if self.elsewhere:
            return document.locate(self.path)
        return document.in_string(self.path, found.start(group), found.end(group))


def told(plan: Plan, agent: Agent, path: Path) -> Iterator[Written]:
    """What a chat model is told by the agent that calls it, which is described at a path."""
    for key in ("instructions", "prompt"):
        said = getattr(agent, key, None)
        if isinstance(said, TextFile):
            text = plan.texts.get(said.file, "")
            yield Written(text, (*path, key, "file"), elsewhere=True)
        elif said:
            yield Written(str(said), (*path, key))


def texts_at(document: Document, path: Path) -> Iterator[Written]:
    """All texts at a path and further in."""
    node = document.node(path)
    pending: list[tuple[Node, Path]] = [] if node is None else [(node, path)]
    while pending:
        node, at = pending.pop()
        if isinstance(node, Mapping):
            pending.extend(
                (entry.value, (*at, key)) for key, entry in reversed(node.entries.items())
            )
        elif isinstance(node, Sequence):
            pending.extend(
                (item, (*at, index)) for index, item in reversed(list(enumerate(node.items)))
            )
        elif isinstance(node, Scalar) and isinstance(node.value, str):
            yield Written(node.value, at)
