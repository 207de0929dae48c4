"""Specs as files: `tests/cases/lint/bad` with what they say beside them, `ok` in silence.

After a change that is meant, `AGENTFLOW_WRITE_CASES=1 pytest tests/lint/test_cases.py` writes the
files beside the bad cases again.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from agentflow.lint.pages import page_of
from agentflow.lint.rules import RULES
from agentflow.loading import check, load
from tests.lint.linting import assert_said_beside, said_of

CASES = Path(__file__).parent.parent / "cases" / "lint"
BAD = sorted(CASES.glob("bad/*.yaml"))
#: The name of the rule in a line of what is said.
_SAID = re.compile(r"^\s*\d+:\d+ (?:(?:error|warning|advice) )?([a-z]+(?:-[a-z]+)*) ", re.MULTILINE)
OK = sorted(CASES.glob("ok/*.yaml"))


def test_there_are_cases() -> None:
    assert len(BAD) > 20
    assert len(OK) >= 25


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_case_says_what_stands_beside_it(path: Path) -> None:
    assert_said_beside(path, CASES)


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_realistic_spec_is_silent(path: Path) -> None:
    assert said_of(path, CASES) == ""


def test_rules_have_two_bad_cases_at_least() -> None:
    """In their own pages, in `bad`, in `defects`, in what is changed, or in the cases of the
    parser."""
    folders = (CASES, CASES.parent / "spec", CASES.parent / "defects")
    said = said_in(path.read_text(encoding="utf-8") for f in folders for path in f.rglob("*.txt"))
    assert [rule.NAME for rule in RULES if len(page_of(rule).says) + said[rule.NAME] < 2] == []


def said_in(texts: Iterable[str]) -> Counter[str]:
    """How often each rule says something in files beside cases."""
    return Counter(name for text in texts for name in _SAID.findall(text))


def test_every_finding_has_the_name_of_a_rule() -> None:
    names = {rule.NAME for rule in RULES}
    assert {finding.rule for path in BAD for finding in check(load(path))} <= names
