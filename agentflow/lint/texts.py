"""Texts that an author wrote for models and people, each with where it stands."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentflow.findings import Location
from agentflow.plan.calls import callers, home_of, possible_calls
from agentflow.plan.steps import Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Agent, TextFile
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar, Sequence

#: How many characters of all that models are told rules read for its words, and as many of what
#: steps tell people and services. A word takes a hundred patterns.
MOST_READ = 400_000


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


def told_of_all(plan: Plan) -> dict[Path, tuple[Written, ...]]:
    """What models are told, by where each agent is described, up to so many characters in all."""
    found: dict[Path, tuple[Written, ...]] = {}
    left = MOST_READ
    for step in callers(plan):
        for call in possible_calls(step):
            home = home_of(step, call)
            if call.chat is not None and home not in found:
                found[home], left = up_to(told(plan, call.options, home), left)
    return found


def up_to(texts: Iterable[Written], left: int) -> tuple[tuple[Written, ...], int]:
    """Texts with no more characters than are left, and how many are left after that."""
    found = []
    for each in texts:
        found.append(each if len(each.text) <= left else replace(each, text=each.text[:left]))
        left -= len(found[-1].text)
    return tuple(found), left


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
