"""The docstring of a rule, taken apart."""

import textwrap
from dataclasses import dataclass

from agentflow.lint.rule import Rule


@dataclass(frozen=True)
class Page:
    """The parts of a rule's page. `says` is the findings for `bad`, as `line:column message`."""

    title: str
    why: str
    bad: str
    says: tuple[str, ...]
    good: str


def page_of(rule: Rule) -> Page:
    """The page of a rule; fails where a part is missing or out of order."""
    text = rule.__doc__ or ""
    title, _, rest = text.partition("\n\n")
    why, bad, rest = _cut(rest, "Bad:")
    between, says, rest = _cut(rest, "Says:")
    before, good, after = _cut(rest, "Good:")
    assert (between + before + after).strip() == "", "text between the blocks"
    return Page(title.strip(), why.strip(), bad, tuple(says.splitlines()), good)


def _cut(text: str, head: str) -> tuple[str, str, str]:
    """What stands before a heading, the indented block under it, and what follows the block."""
    before, found, rest = text.partition(f"{head}\n\n")
    assert found, f"no '{head}'"
    lines = rest.splitlines(keepends=True)
    end = next(
        (n for n, line in enumerate(lines) if line.strip() and not line.startswith("    ")),
        len(lines),
    )
    block = textwrap.dedent("".join(lines[:end])).rstrip() + "\n"
    return before, block, "".join(lines[end:])
