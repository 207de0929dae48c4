"""`agentflow rules` and `agentflow explain`."""

import json
from pathlib import Path

import jsonschema
import pytest

from agentflow.lint.rule import Family
from agentflow.lint.rules import RULES

from .inprocess import agentflow, lines_of
from .shell import Done

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "schemas" / "rules.v1.schema.json").read_text("utf-8")
)


def test_the_table_has_every_rule_under_its_family() -> None:
    *table, empty, summary = lines_of(agentflow("rules"))
    found: dict[str, str] = {}
    family = ""
    for line in filter(None, table):
        if line.startswith("  "):
            name, severity, *_ = line.split()
            found[name] = f"{family} {severity}"
        else:
            family = line
    assert found == {rule.NAME: f"{rule.FAMILY} {rule.SEVERITY}" for rule in RULES}
    assert empty == ""
    assert summary.startswith(f"{len(RULES)} rules, ")


def test_the_rules_of_one_family() -> None:
    first, *rows = lines_of(agentflow("rules", "retry"))
    names = [rule.NAME for rule in RULES if rule.FAMILY is Family.RETRY]
    assert first == "retry"
    assert [row.split()[0] for row in rows[:-2]] == names
    assert agentflow("rules", "retri") == Done(
        2,
        "",
        "error: there is no family 'retri', did you mean 'retry'?\n"
        f"help: the families are: {', '.join(Family)}\n",
    )


def test_a_page_says_which_option_its_rule_needs() -> None:
    assert "Only with '--drilled'." in lines_of(agentflow("explain", "stale-drill"))
    page = json.loads("\n".join(lines_of(agentflow("explain", "stale-drill", "-f", "json"))))
    jsonschema.validate(page, SCHEMA)
    assert page["rule"]["only_with"] == "--drilled"


def test_the_table_as_json() -> None:
    data = json.loads("\n".join(lines_of(agentflow("rules", "-f", "json"))))
    jsonschema.validate(data, SCHEMA)
    assert [rule["name"] for rule in data["rules"]] == [rule.NAME for rule in RULES]
    assert {rule["family"] for rule in data["rules"]} <= {str(family) for family in Family}


def test_a_page() -> None:
    head, empty, title, *_ = page = lines_of(agentflow("explain", "cycle"))
    assert (head, empty, title) == (
        "cycle  (graph, error)",
        "",
        "Steps wait for each other in a cycle.",
    )
    assert (
        page[page.index("Says:") + 2]
        == "    11:3 'draft' waits for 'polish', which waits for 'draft'"
    )
    assert page[-1] == '    outputs: {letter: "${{ steps.polish.output }}"}'
    # A name may be written as that of its module is.
    assert (
        lines_of(agentflow("explain", "Unknown_Agent"))[0]
        == "unknown-agent  (reference, error, fix)"
    )


def test_a_page_of_several_files_says_where_they_begin() -> None:
    said = "The spec of an example is 'spec.yaml'; a line '--- # FILE' ends it and begins a file beside it."
    assert said in lines_of(agentflow("explain", "unknown-tool"))
    assert said in lines_of(agentflow("explain", "recursive-pipeline"))
    assert said not in lines_of(agentflow("explain", "cycle"))


def test_a_link_of_a_page_is_shown_as_its_text() -> None:
    page = "\n".join(lines_of(agentflow("explain", "unenforced-contract")))
    assert "`misspelt-keyword`" in page
    assert "](" not in page


def test_a_page_as_json() -> None:
    data = json.loads("\n".join(lines_of(agentflow("explain", "cycle", "--format", "json"))))
    jsonschema.validate(data, SCHEMA)
    assert data["rule"]["says"] == ["11:3 'draft' waits for 'polish', which waits for 'draft'"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cycel", "there is no rule 'cycel'\nhelp: did you mean 'cycle'?"),
        ("x", "there is no rule 'x'\nhelp: 'agentflow rules' lists them"),
        (
            "retry",
            "'retry' is a family of rules, not a rule\nhelp: 'agentflow rules retry' lists them",
        ),
    ],
)
def test_names_that_no_rule_has(name: str, said: str) -> None:
    assert agentflow("explain", name) == Done(2, "", f"error: {said}\n")
