"""What nobody names: was it forgotten where it belongs, or is it left over?

A definition that has the stem of its name in common with a step or an agent was hardly written for
nothing, and neither was one whose name stands elsewhere in the file, be it in a text or a comment.
"""

import re

from msgspec import Struct

from agentflow.plan.steps import Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.wording import quoted

#: Letters that two names have to begin with in common, for one to speak of the other.
_STEM = 4
_WORD = re.compile(r"[\w-]+")


class Hint(Struct, frozen=True):
    """What to do about a definition; `left_over` if nothing suggests a purpose for it."""

    help: str
    left_over: bool = True


class Forgotten:
    """What a spec says around its definitions, gathered once for all of them."""

    def __init__(self, document: Document, plan: Plan) -> None:
        self._document = document
        agents = plan.pipeline.agents
        steps = (str(step.path[-1]) for step in plan.steps.values())
        self._steps = {_stem_of(name): f"step {quoted(name)}" for name in steps}
        self._agents = {_stem_of(name): f"agent {quoted(name)}" for name in agents}
        self._without_retry = next((name for name in agents if agents[name].retry is None), None)
        self._lines: dict[str, list[int]] = {}
        for found in _WORD.finditer(document.text):
            line, _ = document.source.position(found.start())
            self._lines.setdefault(found[0], []).append(line)

    def hint(self, what: str, path: Path) -> Hint:
        """What is known of a definition of some kind that nobody names."""
        name = str(path[-1])
        kin = None
        if what != "input":
            kin = self._steps.get(_stem_of(name))
            kin = kin or (self._agents.get(_stem_of(name)) if what != "agent" else None)
        if kin is not None:
            return Hint(f"use it, or take it out; {kin} may have been meant to name it", False)
        line = self._mention(("inputs",) if what == "input" else path, name)
        if line is not None:
            return Hint(f"use it, or take it out; line {line} has its name", False)
        if what == "retry policy" and self._without_retry is not None:
            place = f"as in agent {quoted(self._without_retry)}"
            return Hint(f"write 'retry: {name}' where it belongs, {place}, or take it out")
        return Hint("use it, or take it out")

    def _mention(self, path: Path, name: str) -> int | None:
        """The first line outside of a definition that has its name as a word."""
        node = self._document.node(path)
        first = self._document.locate_key(path).span.line
        last = max(node.end_line if node is not None else first, first)
        lines = self._lines.get(name, ())
        return next((line for line in lines if not first <= line <= last), None)


def _stem_of(name: str) -> str | tuple[str]:
    """The beginning of a name; a short name is like none but itself."""
    return name.casefold()[:_STEM] if len(name) > _STEM else (name,)
