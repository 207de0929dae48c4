"""The rules for programs. Format 1; `schemas/rules.v1.schema.json` has the list and the page."""

from collections.abc import Sequence

from agentflow.formats.values import document
from agentflow.lint.pages import fixable, only_with, page_of
from agentflow.lint.rule import Rule
from agentflow.spec.model import Json

FORMAT = 1


def render_table(rules: Sequence[Rule]) -> str:
    """One JSON object with the list of rules."""
    return document({"format": FORMAT, "rules": [_head(rule) for rule in rules]})


def render_page(rule: Rule) -> str:
    """One JSON object with the page of a rule."""
    page = page_of(rule)
    return document(
        {
            "format": FORMAT,
            "rule": _head(rule)
            | {"why": page.why, "bad": page.bad, "says": list(page.says), "good": page.good},
        }
    )


def _head(rule: Rule) -> dict[str, Json]:
    fix = fixable(rule)
    return {
        "name": rule.NAME,
        "family": str(rule.FAMILY),
        "severity": str(rule.SEVERITY),
        "fix": None if fix is None else str(fix),
        "only_with": only_with(rule),
        "title": page_of(rule).title,
    }
