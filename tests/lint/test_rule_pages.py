"""A rule's docstring is its page and its test."""

import pytest

from agentflow.lint.pages import only_with, page_of
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
    said = findings_of(page.bad, drilled=_is_about_drills(rule))
    found = tuple(finding for finding in said if finding.rule == rule.NAME)
    assert tuple(lines(found)) == page.says
    assert found[0].severity is rule.SEVERITY


@each_rule
def test_good_example_is_silent(rule: Rule) -> None:
    assert lines(findings_of(page_of(rule).good, drilled=_is_about_drills(rule))) == []


@each_rule
def test_a_rule_that_has_to_be_asked_is_silent_otherwise(rule: Rule) -> None:
    if only_with(rule) is not None:
        assert rule.NAME not in {finding.rule for finding in findings_of(page_of(rule).bad)}


def _is_about_drills(rule: Rule) -> bool:
    return only_with(rule) == "--drilled"
