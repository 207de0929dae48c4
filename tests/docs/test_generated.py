"""What the docs say about the code is what the code says."""

import re
from pathlib import Path

import pytest

from agentflow.agents import AGENT_KINDS, VOCABULARY
from agentflow.errors import ExitCode
from agentflow.formats.styled import UNICODE
from agentflow.lint.configuration import configuration_schema
from agentflow.lint.rules import RULES
from agentflow.spec.model import CatchKey, Effects, FailureClass
from agentflow.spec.schema import language_schema

from . import pages
from .generate import CONFIG_SCHEMA, generate
from .pages import PAGES, ROOT, name_of
from .tables import SCHEMA

LANGUAGE = "".join(page.read_text("utf-8") for page in pages.LANGUAGE)
RUNS = (ROOT / "docs" / "runs.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text("utf-8")
    assert generate(text, page) == text, "run: python -m tests.docs.generate"


def test_the_schema_of_the_configuration_is_up_to_date() -> None:
    assert CONFIG_SCHEMA.read_text("utf-8") == configuration_schema(), (
        "run: python -m tests.docs.generate"
    )


def test_every_mapping_of_the_language_has_its_table() -> None:
    tables = set(re.findall(r"<!-- generated: keys (\w+) -->", LANGUAGE))
    names = {name for name, schema in SCHEMA["$defs"].items() if "properties" in schema}
    kinds = {f"{kind.capitalize()}Agent" for kind in AGENT_KINDS}
    # These have one key each and are written out.
    single = {"Use", "TextFile", "Escalate", "LastValue", "Ceiling"}
    # A level has a row of its own. What it asks is a question without a contract of its own.
    levels = {"ModelLevel", "AgentLevel", "HumanLevel", "NotifyLevel", "Asking"}
    plain = {"ConsoleChannel", "InboxChannel"}  # have no keys of their own
    assert names - kinds - single - levels - plain <= tables
    assert tables >= {"Pipeline", "Agent", "StepBase", *AGENT_KINDS}


def test_the_schema_that_the_tables_come_from_is_the_published_one() -> None:
    assert language_schema(VOCABULARY) == SCHEMA


@pytest.mark.parametrize("failure", FailureClass)
def test_every_failure_class_is_explained(failure: FailureClass) -> None:
    assert f"| `{failure}` | " in _section(LANGUAGE, "What can go wrong")


@pytest.mark.parametrize("effects", Effects)
def test_every_effect_is_explained(effects: Effects) -> None:
    (row,) = re.findall(rf"^\| `{effects}` \|.*$", _section(LANGUAGE, "Effects"), re.MULTILINE)
    answer = "yes" if effects.repeatable else "only with a [key](steps.md#idempotency-keys)"
    assert row.endswith(f"| {answer} |")


def test_what_is_retried_by_default_is_what_the_table_says() -> None:
    default = SCHEMA["$defs"]["RetryPolicy"]["properties"]["on"]["default"]
    table = _section(LANGUAGE, "What can go wrong").split("Which class")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", table, re.MULTILINE)
    assert {
        name for name, by_default in rows if by_default in ("yes", "if the effects allow it")
    } == {*default}


def test_cancelled_is_the_one_class_that_catch_does_not_know() -> None:
    known = set(CatchKey.__args__)  # type: ignore[attr-defined]  # a Literal
    assert known == {*FailureClass, "any"} - {"cancelled"}


def test_every_symbol_of_the_trace_is_explained() -> None:
    rows = re.findall(r"^\| `(.)` \| (\w+) \|", _section(RUNS, "The trace"), re.MULTILINE)
    assert {status: symbol for symbol, status in rows} == UNICODE.status


@pytest.mark.parametrize("page", ["README.md", "docs/runs.md"])
def test_every_exit_code_is_explained(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert all(f"| {code.value} | " in text for code in ExitCode)


def test_every_rule_has_a_page() -> None:
    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE) == [rule.NAME for rule in RULES]


def _section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level."""
    found = re.search(rf"^(#+) {heading}\n(.*?)(?=^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[2]
