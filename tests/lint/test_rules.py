"""The list of rules, the folder, and the names that earlier stages report under."""

import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import agentflow
from agentflow.findings import Finding, Location, Severity, Span
from agentflow.lint import rules
from agentflow.lint.linter import examine
from agentflow.lint.rule import Context, Family
from agentflow.lint.rules import RULES
from agentflow.spec.document import parse_document

#: Where findings are made before the rules run.
STAGES = ("spec", "plan")


def test_every_module_of_the_folder_is_listed() -> None:
    listed = {_module_name(rule) for rule in RULES}
    assert listed == {module.name for module in pkgutil.iter_modules(rules.__path__)}
    assert len(listed) == len(RULES)


def test_a_rule_has_the_name_of_its_module() -> None:
    for rule in RULES:
        assert rule.NAME.replace("-", "_") == _module_name(rule)


def test_rules_stand_in_the_order_of_their_families() -> None:
    order = list(Family)
    positions = [order.index(rule.FAMILY) for rule in RULES]
    assert positions == sorted(positions)


def test_every_name_that_a_stage_reports_under_has_a_rule() -> None:
    reported = {name for stage in STAGES for name in _names_reported_in(stage)}
    assert reported
    assert reported <= {rule.NAME for rule in RULES}


def test_a_rule_that_crashes_is_reported_and_the_others_go_on() -> None:
    context = Context(parse_document("agentflow: 1", "spec.yaml"), None, None, ())
    place = Location("spec.yaml", Span(1, 1, 1, 1))
    fine = Finding("fine", Severity.ADVICE, "still here", place)
    findings = examine(context, (_Rule("broken", None), _Rule("fine", fine))).findings
    assert [finding.message for finding in findings] == [
        "bug in rule 'broken': ZeroDivisionError: division by zero",
        "still here",
    ]


class _Broken(Exception):
    """An error that takes several lines, or cannot even say what it is."""

    def __str__(self) -> str:
        return "one\n ::error::two\r\n" if self.args else str(1 / 0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (_Broken(1), "_Broken: one ::error::two"),
        (_Broken(), "_Broken: it cannot be told (ZeroDivisionError)"),
    ],
    ids=["in two lines", "not to be told"],
)
def test_whatever_a_rule_raises_is_one_line(error: Exception, said: str) -> None:
    rule = _Rule("broken", None, error)
    context = Context(parse_document("agentflow: 1", "spec.yaml"), None, None, ())
    (found,) = examine(context, (rule,)).findings
    assert found.message == f"bug in rule 'broken': {said}"


class _Rule:
    """A rule that gives one finding, or crashes."""

    FAMILY = Family.SPEC
    SEVERITY = Severity.ERROR

    def __init__(self, name: str, finding: Finding | None, error: Exception | None = None) -> None:
        self.NAME = name
        self._finding = finding
        self._error = error

    def check(self, context: Context) -> list[Finding]:
        if self._finding is None:
            raise self._error or ZeroDivisionError("division by zero")
        return [self._finding]


def _module_name(rule: object) -> str:
    assert isinstance(rule, ModuleType)
    return rule.__name__.rpartition(".")[2]


def _names_reported_in(package: str) -> set[str]:
    """Rule names in the sources of a package: the first text of a finding or of a `_report`."""
    folder = Path(agentflow.__file__).parent / package
    pattern = re.compile(
        r"(?:Finding|_report|report|Doubt|_finding)\(\s*(?:rule=)?"
        r'"([a-z]+(?:-[a-z]+)*)"(?: if \w+ else "([a-z-]+)")?'
    )
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    return {name for text in texts for match in pattern.findall(text) for name in match if name}
