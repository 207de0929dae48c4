"""The rules as a table by family, and the page of a single rule. All of it is our own text."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from agentflow.formats.words import count
from agentflow.lint.pages import fixable, only_with, page_of
from agentflow.lint.rule import Family, Fixable, Rule

#: How the table says what `--fix` can do.
_FIXES = {Fixable.SAFE: "fix", Fixable.UNSAFE: "unsafe fix", None: ""}
#: How the examples of a page begin another file, and what the first one is called.
_OTHER_FILE, _SPEC = "--- # ", "spec.yaml"
#: A link to another page, as Markdown writes it.
_LINK = re.compile(r"\[([^][]+)\]\([^()]+\)")


def render_table(rules: Sequence[Rule]) -> str:
    """A block for each family that has rules, with a line for each of them."""
    widest = max(len(rule.NAME) for rule in rules)
    blocks = [
        "\n".join([family, *(_row(rule, widest) for rule in rules if rule.FAMILY is family)])
        for family in Family
        if any(rule.FAMILY is family for rule in rules)
    ]
    fixed = sum(fixable(rule) is not None for rule in rules)
    return "\n\n".join([*blocks, f"{count(len(rules), 'rule')}, {fixed} with a fix"])


def _row(rule: Rule, widest: int) -> str:
    fix = _FIXES[fixable(rule)]
    return f"  {rule.NAME:<{widest}}  {rule.SEVERITY:<7}  {fix:<10}  {page_of(rule).title}"


def render_page(rule: Rule) -> str:
    """Everything that there is to say about a rule."""
    return "\n".join(_page(rule))


def _page(rule: Rule) -> Iterator[str]:
    page = page_of(rule)
    fix = _FIXES[fixable(rule)]
    yield f"{rule.NAME}  ({rule.FAMILY}, {rule.SEVERITY}{f', {fix}' if fix else ''})"
    why = _LINK.sub(r"\1", page.why)
    yield f"\n{page.title}\n\n{why}"
    if (option := only_with(rule)) is not None:
        yield f"\nOnly with '{option}'."
    if _OTHER_FILE in page.bad or _SPEC in page.bad:
        yield (
            f"\nThe spec of an example is '{_SPEC}'; a line '{_OTHER_FILE}FILE' ends it and begins a file"
            " beside it."
        )
    yield f"\nBad:\n\n{_indented(page.bad)}"
    yield "\nSays:\n\n" + _indented("\n".join(page.says))
    yield f"\nGood:\n\n{_indented(page.good)}"


def _indented(text: str) -> str:
    return textwrap.indent(text.rstrip(), "    ")
