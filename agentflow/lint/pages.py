"""The docstring of a rule, taken apart, and how rules are found by their names."""

import textwrap
from collections.abc import Sequence

from msgspec import Struct

from agentflow.errors import UsageError
from agentflow.lint.rule import Family, Fixable, Rule
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted


class Page(Struct, frozen=True, dict=True):
    """The parts of a rule's page. `says` is the findings for `bad`, as `line:column message`."""

    title: str
    why: str
    bad: str
    says: tuple[str, ...]
    good: str


def page_of(rule: Rule) -> Page:
    """The page of a rule; fails if a part is missing or out of order."""
    text = rule.__doc__ or ""
    title, _, rest = text.partition("\n\n")
    why, bad, rest = _cut(rest, "Bad:")
    between, says, rest = _cut(rest, "Says:")
    before, good, after = _cut(rest, "Good:")
    assert (between + before + after).strip() == "", "text between the blocks"
    return Page(title.strip(), why.strip(), bad, tuple(says.splitlines()), good)


def fixable(rule: Rule) -> Fixable | None:
    """The constant `FIX` of a rule; None if it has none."""
    return getattr(rule, "FIX", None)


def only_with(rule: Rule) -> str | None:
    """The option that the rule needs to say anything: its `ONLY_WITH`, or None."""
    return getattr(rule, "ONLY_WITH", None)


def rule_named(name: str, rules: Sequence[Rule]) -> Rule:
    """The rule of a name.

    Raises:
        UsageError: there is none; with the nearest.
    """
    known = {rule.NAME: rule for rule in rules}
    wanted = name.strip().lower().replace("_", "-")
    if wanted in known:
        return known[wanted]
    near = nearest(wanted, known)
    advice = f"did you mean {quoted(near)}?" if near else "'agentflow rules' lists them"
    if wanted in {str(family) for family in Family}:
        raise UsageError(
            f"{quoted(name)} is a family of rules, not a rule",
            help=f"'agentflow rules {wanted}' lists them",
        )
    raise UsageError(f"there is no rule {quoted(name)}", help=advice)


def _cut(text: str, head: str) -> tuple[str, str, str]:
    """The text before a heading, the indented block under it, and the text after the block."""
    before, found, rest = text.partition(f"{head}\n\n")
    assert found, f"no '{head}'"
    lines = rest.splitlines(keepends=True)
    end = next(
        (n for n, line in enumerate(lines) if line.strip() and not line.startswith("    ")),
        len(lines),
    )
    block = textwrap.dedent("".join(lines[:end])).rstrip() + "\n"
    return before, block, "".join(lines[end:])
