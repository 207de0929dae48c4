"""A rule's docstring is its page and its test."""

import pytest

from agentflow.lint.pages import page_of
from agentflow.lint.rule import Rule
from agentflow.lint.rules import RULES
from tests.lint.linting import findings_of, lines

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.NAME)


@each_rule
def test_page_is_complete(rule: Rule) -> None:
    page = page_of(rule)
    assert page.title.endswith(".")
    assert page.why.endswith(".")
    assert page.says


@each_rule
def test_bad_example_says_what_the_page_says(rule: Rule) -> None:
    page = page_of(rule)
    found = tuple(finding for finding in findings_of(page.bad) if finding.rule == rule.NAME)
    assert tuple(lines(found)) == page.says
    assert found[0].severity is rule.SEVERITY


@each_rule
def test_good_example_is_silent(rule: Rule) -> None:
    assert lines(findings_of(page_of(rule).good)) == []
