"""Specs against the models of the language. Cases are files: `tests/cases/spec/{good,bad}`.

Beside a bad file lies what is to be said about it, one finding a line:
`line:column rule message (help)`.
"""

import gc
from pathlib import Path

import pytest

from agentflow.findings import Finding
from agentflow.spec.document import Document, parse_document
from agentflow.spec.model import AgentStep, Effects, GroupStep, RetryPolicy, SwitchStep, Use
from agentflow.spec.nearest import nearest, only_near
from agentflow.spec.parse import ParseResult, parse
from tests.spec.vocabulary import VOCABULARY

CASES = Path(__file__).parent.parent / "cases" / "spec"
GOOD = sorted((CASES / "good").glob("*.yaml"))
BAD = sorted((CASES / "bad").glob("*.yaml"))

HEAD = "agentflow: 1\nname: sample\n"
ONE = "steps: {one: {agent: worker}}\n"


def read(text: str | bytes) -> tuple[Document, ParseResult]:
    document = parse_document(text, "f.yaml")
    return document, parse(document, VOCABULARY)


def said(findings: list[Finding]) -> str:
    """Findings as the files beside the bad cases hold them."""
    lines = []
    for finding in sorted(findings, key=lambda finding: finding.location.span):
        span = finding.location.span
        mend = f" ({finding.help})" if finding.help else ""
        lines.append(f"{span.line}:{span.column} {finding.rule} {finding.message}{mend}\n")
    return "".join(lines)


def test_there_are_cases() -> None:
    assert len(GOOD) >= 20
    assert len(BAD) >= 60
    assert {path.stem for path in BAD} == {path.stem for path in (CASES / "bad").glob("*.txt")}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good(path: Path) -> None:
    document, result = read(path.read_bytes())
    assert said([*document.findings, *result.findings]) == ""
    assert result.pipeline is not None
    assert not result.partial


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad(path: Path) -> None:
    document, result = read(path.read_bytes())
    assert said([*document.findings, *result.findings]) == path.with_suffix(".txt").read_text()
    assert result.pipeline is None or result.partial or document.findings


def test_a_pipeline_holds_what_the_file_says() -> None:
    text = """
agentflow: 1
name: desk
retries: {patient: {max_attempts: 5}}
agents:
  worker: {kind: python, call: work:run, effects: read}
steps:
  first: {agent: worker, with: {x: "${{ inputs.x }}"}, retry: patient, timeout: 30s}
  second:
    switch: "${{ steps.first.output.kind }}"
    cases: {a: {steps: {third: {agent: worker, catch: {any: {use: 1}}}}}}
  fourth: {steps: {fifth: {agent: worker}}, output: 2}
"""
    document, result = read(text)
    pipeline = result.pipeline
    assert (document.findings, result.findings) == ((), ())
    assert pipeline is not None
    assert pipeline.agents["worker"].effects is Effects.READ
    assert pipeline.retries["patient"] == RetryPolicy(max_attempts=5)
    first, second, fourth = pipeline.steps.values()
    assert isinstance(first, AgentStep)
    assert (first.with_, first.retry) == ({"x": "${{ inputs.x }}"}, "patient")
    assert isinstance(second, SwitchStep)
    third = second.cases["a"].steps["third"]
    assert isinstance(third, AgentStep)
    assert third.catch == {"any": Use(use=1)}
    assert isinstance(fourth, GroupStep)
    assert fourth.output == 2


def test_findings_point_at_the_word_that_is_wrong() -> None:
    _, result = read(
        HEAD + "steps:\n  one: {agent: worker, timout: 30s, retry: {max_attempts: no}}\n"
    )
    spans = [finding.location.span for finding in result.findings]
    assert [(span.line, span.column, span.end_column) for span in spans] == [
        (4, 24, 30),
        (4, 59, 61),
    ]


def test_a_step_of_two_kinds_shows_both() -> None:
    _, result = read(
        HEAD + "steps:\n  one:\n    agent: worker\n    steps: {two: {agent: worker}}\n"
    )
    (finding,) = result.findings
    (related,) = finding.related
    assert (finding.location.span.line, related.location.span.line) == (6, 5)
    assert related.message == "the other one is here"


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "a\n"])
def test_a_document_without_a_mapping_has_nothing_to_parse(text: str) -> None:
    document, result = read(text)
    assert document.findings
    assert result == ParseResult(None, ())


def test_keys_that_are_not_known_do_not_hide_the_rest() -> None:
    _, result = read(
        HEAD + "steps: {one: {steps: {two: {agent: worker}}, retry: x, wiht: {a: 1}}}\n"
    )
    assert [finding.rule for finding in result.findings] == ["unknown-key", "unknown-key"]
    assert result.partial
    assert result.pipeline is not None
    assert isinstance(result.pipeline.steps["one"], GroupStep)


def test_an_action_with_nothing_left_goes_as_a_whole() -> None:
    _, result = read(
        HEAD + "steps: {one: {agent: worker, catch: {timeout: {lead: desk}, any: skip}}}\n"
    )
    assert result.partial
    assert result.pipeline is not None
    assert result.pipeline.steps["one"].catch == {"any": "skip"}


def test_a_key_below_an_unknown_one_is_no_trouble() -> None:
    text = HEAD + "steps: {one: {agent: worker, catch: {tmeout: {lead: desk}}}}\n"
    _, result = read(text)
    assert [finding.rule for finding in result.findings] == ["unknown-key", "unknown-key"]
    assert result.partial


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "foo: 1\nsteps: {one: {human: {ask: Well?}}}\n",
        HEAD + "foo: 1\nsteps: {one: {agent: worker, timeout: soon}}\n",
        HEAD + "foo: 1\n",
    ],
)
def test_other_errors_leave_no_pipeline(text: str) -> None:
    _, result = read(text)
    assert result.pipeline is None
    assert not result.partial


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("timeout: 3", "3s"),
        ("timeout: 1 min", "1m"),
        ("retry: 2", RetryPolicy(max_attempts=2)),
        ("repair: two", 2),
        ("repair: '2'", 2),
        ("effects: raed", Effects.READ),
    ],
)
def test_a_value_that_can_hardly_mean_another_hides_nothing(written: str, meant: object) -> None:
    document, result = read(HEAD + f"steps: {{one: {{agent: worker, {written}}}}}\n")
    assert [finding.rule for finding in result.findings] == ["wrong-type"]
    assert result.partial
    assert result.pipeline is not None
    assert getattr(result.pipeline.steps["one"], written.partition(":")[0]) == meant
    # The nodes are those of what was meant, where the author wrote something else.
    assert result.root is not None
    assert document.read_as(result.root).locate(("steps", "one")).span.line == 3


def test_a_pipeline_by_a_name_that_is_none_is_looked_at() -> None:
    _, result = read("agentflow: 1\nname: Fix me\nsteps: {one: {agent: worker}}\n")
    assert [finding.rule for finding in result.findings] == ["bad-name"]
    assert result.pipeline is not None
    assert result.pipeline.name == "fix_me"


def test_what_the_document_reported_is_not_repeated() -> None:
    document, result = read(HEAD + "steps: {one: {agent: worker, timeout: {inputs.wait}}}\n")
    assert [finding.rule for finding in document.findings] == ["unquoted-template"]
    assert result == ParseResult(None, ())


def test_a_thousand_findings_are_enough() -> None:
    keys = "".join(f"k{number}: 1\n" for number in range(1_500))
    _, result = read(HEAD + ONE + keys)
    assert len(result.findings) == 1_001
    assert result.findings[0].message == "500 more problems are not listed"
    assert result.pipeline is None


def test_of_very_many_problems_the_first_are_listed() -> None:
    fine = "".join(f"  fine{number}: {{agent: worker}}\n" for number in range(100))
    bad = "".join(f"  bad{number}: {{agent: 1}}\n" for number in range(10_001))
    _, result = read(HEAD + "steps:\n" + fine + bad)
    assert len(result.findings) == 1_001
    assert result.findings[0].message == "9,001 more problems are not listed"
    assert [finding.location.span.line for finding in result.findings[1:3]] == [104, 105]
    assert result.pipeline is None


def test_the_garbage_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    read(HEAD)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("timout", "timeout"),
        ("tiemout", "timeout"),
        ("Timeout", "timeout"),
        ("time_out", "timeout"),
        ("wiht", "with"),
        ("wth", "with"),
        ("a", None),
        ("", None),
        ("catches", "catch"),
        ("instructions", None),
        ("timeout" * 1000, None),
    ],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name, ["agent", "with", "catch", "timeout", "needs"]) == expected


def test_of_several_near_names_no_more_than_two_are_looked_for() -> None:
    known = iter(["draft", "letter", "drafts", "drift", "craft"])
    assert only_near("draf", known) is None
    assert list(known) == ["drift", "craft"]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("maxLenght", ["maxLength", "minLength"], "maxLength"),
        ("mimimum", ["maximum", "minimum"], None),
        ("cat", ["car", "cap"], None),
        ("draft_3", ["draft_1"], None),
        ("other", ["draft"], None),
        ("ss", ["s"], "s"),
        ("st", ["s"], None),
    ],
)
def test_what_is_meant_without_doubt_is_nearer_than_all_else(
    name: str, known: list[str], meant: str | None
) -> None:
    assert only_near(name, known) == meant


def test_of_equally_near_names_the_first_counts() -> None:
    assert nearest("cat", ["car", "cap"]) == "car"
    assert nearest("cap", ["car", "cap"]) == "cap"
    assert nearest("cat", []) is None
