"""Findings for other systems, held against the schemas that these publish."""

import html
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from agentflow.findings import (
    STDIN,
    Edit,
    Finding,
    Fix,
    Location,
    Note,
    Related,
    Report,
    Severity,
    Span,
    Suppressed,
)
from agentflow.formats import FINDINGS_FORMATS, findings_format
from agentflow.formats.safe import safe
from agentflow.lint.selection import FAMILIES
from tests.formats.goldens import CASES, SCHEMAS
from tests.formats.test_findings import FILES, finding

PUBLISHED = CASES.parent / "published"
EVIL = "::error::x\n##[group]%0A,:\x1b[31m\u202e<b>&amp;]]>"

PLACE = Location("specs/a b,c:%.yaml", Span(2, 3, 2, 5))
FINDINGS = (
    Finding(
        "unknown-agent",
        Severity.ERROR,
        EVIL,
        PLACE,
        EVIL,
        (Related(EVIL, Location("/root/x.yaml", Span(1, 1, 3, 2))),),
        Fix("write 'x'", (Edit(Span(2, 3, 2, 5), "\U0001f600"), Edit(Span(3, 1, 4, 1), ""))),
    ),
    Finding("unknown-agent", Severity.ERROR, EVIL, Location(PLACE.file, Span(4, 1, 4, 2))),
    Finding("dead-step", Severity.WARNING, "w", Location("./b.yaml", Span(1, 1, 9, 2))),
    Finding("whole-output", Severity.ADVICE, "a", Location("b.yaml", Span(1, 1, 1, 1))),
)
REPORT = Report(
    FINDINGS,
    {PLACE.file: "a\n\U0001f600xy\n", "b.yaml": "", "fine.yaml": ""},
    (Suppressed(FINDINGS[2], EVIL, Location("b.yaml", Span(1, 4, 1, 20))),),
    hidden=3,
)
NOTED = replace(
    REPORT,
    notes=(
        Note(
            "'exclude' of 'agentflow.toml' has 'x', which fits no spec",
            Location("agentflow.toml", Span(3, 1, 3, 1)),
        ),
        Note(EVIL, Location(EVIL, Span(1, 1, 1, 1))),
        Note("errors of 'cycle' count whatever is configured or ignored"),
    ),
)


def reports() -> list[Report]:
    """Everything that the cases of the other formats hold, and what is above."""
    cases = [json.loads(file.read_text("utf-8")) for file in FILES]
    read = [Report(tuple(map(finding, case["findings"])), case["sources"]) for case in cases]
    known = [
        Report(
            tuple(found for found in report.findings if found.rule in FAMILIES),
            report.sources,
        )
        for report in read
    ]
    named = replace(FINDINGS[0], location=Location(EVIL, Span(1, 1, 1, 2)))
    evil = Report((named,), {EVIL: "ab\n"}, (Suppressed(named, "why", named.location),))
    return [*known, REPORT, NOTED, evil, Report((), {"fine.yaml": ""}, complete=False), Report(())]


def rendered(name: str, report: Report) -> str:
    text = findings_format(name)(report, color=False)
    assert text.isascii() or name in ("text", "github")
    return text


def schema(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("name", FINDINGS_FORMATS)
def test_no_text_gives_commands_to_a_log(name: str) -> None:
    for line in rendered(name, NOTED).splitlines():
        # What a runner of GitHub takes for a command of ours.
        ours = name == "github" and re.match(r"::(error|warning|notice) (file|title)=", line)
        assert ours or safe(line) == line


@pytest.mark.parametrize("name", FINDINGS_FORMATS)
def test_a_file_name_that_is_no_text_is_told_all_the_same(name: str) -> None:
    file = os.fsdecode(b"bad\xff.yaml")
    bad = Finding("dead-step", Severity.WARNING, file, Location(file, Span(1, 1, 1, 2)))
    written = rendered(name, Report((bad,), {file: "a\n"})).encode("utf-8")
    assert b"dead-step" in written
    ways = (rb"bad\xff", rb"bad\udcff", rb"bad\\udcff", b"bad%ff")
    assert any(way in written.lower() for way in ways)


HOSTILE = f"{EVIL}\ud800\x00\x85\u2028\r\x9b31m ::warning::y \ue000\ufffe" + "x" * 1_000_000


def test_hostile_text_keeps_every_schema() -> None:
    """In message, help, name of the file, reason, fix, source and notes; read by strict parsers."""
    # The name of a file has other halves of characters: what Python makes of bytes that are no text.
    file = HOSTILE.replace("\ud800", "\udcff")
    place = Location(file, Span(1, 1, 1, 2))
    worst = Finding(
        *("cycle", Severity.ERROR, HOSTILE, place, HOSTILE),
        (Related(HOSTILE, place),),
        Fix(HOSTILE, (Edit(place.span, HOSTILE),)),
    )
    report = Report(
        (worst,),
        {file: HOSTILE},
        (Suppressed(worst, HOSTILE, place),),
        notes=(Note(HOSTILE, place), Note(HOSTILE)),
    )
    draft = jsonschema.Draft202012Validator
    judges = {
        "json": draft(schema(SCHEMAS / "findings.v1.schema.json")),
        "jsonl": draft(schema(SCHEMAS / "findings-line.v1.schema.json")),
        "sarif": jsonschema.Draft7Validator(schema(PUBLISHED / "sarif-2.1.0.schema.json")),
        "gitlab": draft(schema(PUBLISHED / "gitlab-code-quality.schema.json")),
    }
    for name, judge in judges.items():
        text = rendered(name, report)
        for part in text.splitlines() if name == "jsonl" else [text]:
            judge.validate(msgspec.json.decode(part.encode("ascii")))
    text = rendered("junit", report)
    pytest.importorskip("xmlschema").XMLSchema(PUBLISHED / "junit-10.xsd").validate(text)
    # Nothing in it is an end of a line to anybody but those that are ours.
    (command, *notices, summary) = rendered("github", report).splitlines()
    assert [command[:8], *(each[:9] for each in notices)] == ["::error ", "::notice ", "::notice "]
    assert summary == "1 error in 1 file (1 suppressed)"
    assert len(rendered("text", report)) < 9 * len(HOSTILE)


def test_sarif_keeps_the_schema_of_oasis() -> None:
    published = schema(PUBLISHED / "sarif-2.1.0.schema.json")
    judge = jsonschema.Draft7Validator(published)
    for report in reports():
        judge.validate(json.loads(rendered("sarif", report)))


def test_sarif_says_all() -> None:
    (run,) = json.loads(rendered("sarif", REPORT))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        *("unknown-agent", "dead-step", "whole-output"),
    ]
    assert all(rule["help"]["markdown"] for rule in run["tool"]["driver"]["rules"])
    first, second, third, fourth, suppressed = run["results"]
    assert [each["level"] for each in (first, third, fourth)] == ["error", "warning", "note"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "specs/a%20b%2Cc%3A%25.yaml"
    region = {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 5}
    assert place["region"] == region
    related = first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert related == "file:///root/x.yaml"
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"][0] == {
        "deletedRegion": region,
        "insertedContent": {"text": "\U0001f600"},
    }
    assert "region" not in fourth["locations"][0]["physicalLocation"]
    (why,) = suppressed["suppressions"]
    assert (why["kind"], why["status"]) == ("inSource", "accepted")
    assert why["location"]["physicalLocation"]["region"]["startColumn"] == 4
    assert all("suppressions" not in result for result in (first, second, third, fourth))
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])


def test_what_is_said_of_a_configuration() -> None:
    said, at = NOTED.notes[0].message, {"file": "agentflow.toml", "line": 3, "column": 1}
    place = {**at, "end_line": 3, "end_column": 1}
    first = {"message": said, "location": place}
    assert json.loads(rendered("json", NOTED))["notes"][0] == first
    lines = list(map(json.loads, rendered("jsonl", NOTED).splitlines()))
    assert first | {"format": 1, "type": "note"} in lines
    (run,) = json.loads(rendered("sarif", NOTED))["runs"]
    notes = run["invocations"][0]["toolConfigurationNotifications"]
    region = {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 1}
    physical = {"artifactLocation": {"uri": "agentflow.toml"}, "region": region}
    assert notes[0] == {
        "level": "note",
        "message": {"text": said},
        "locations": [{"physicalLocation": physical}],
    }
    assert len(notes) == 3
    assert f"::notice file=agentflow.toml,line=3,title=agentflow configuration::{said}" in (
        rendered("github", NOTED).splitlines()
    )
    issue = json.loads(rendered("gitlab", NOTED))[-2]
    assert (issue["description"], issue["severity"]) == (said, "info")
    assert issue["location"] == {"path": "agentflow.toml", "lines": {"begin": 3, "end": 3}}
    suite = (
        '  <testsuite name="configuration" tests="3" failures="0" errors="0" skipped="3">\n'
        '    <testcase name="agentflow.toml:3" classname="configuration">\n'
        f'      <skipped type="note" message="{said}" />\n'
    )
    assert suite in rendered("junit", NOTED)


def test_a_check_that_did_not_go_through_is_no_success() -> None:
    (run,) = json.loads(rendered("sarif", Report((), {}, complete=False)))["runs"]
    assert run["invocations"] == [{"executionSuccessful": False}]


def test_fingerprints_do_not_go_by_lines() -> None:
    def marks(report: Report) -> list[str]:
        (run,) = json.loads(rendered("sarif", report))["runs"]
        return [each["partialFingerprints"]["agentflow/v1"] for each in run["results"]]

    moved = tuple(
        Finding(
            each.rule, each.severity, each.message, Location(each.location.file, Span(7, 7, 7, 8))
        )
        for each in FINDINGS
    )
    assert marks(Report(moved)) == marks(Report(FINDINGS))
    assert len(set(marks(Report(FINDINGS)))) == len(FINDINGS)


def test_gitlab() -> None:
    judge = jsonschema.Draft202012Validator(schema(PUBLISHED / "gitlab-code-quality.schema.json"))
    for report in reports():
        judge.validate(json.loads(rendered("gitlab", report)))
    issues = json.loads(rendered("gitlab", REPORT))
    assert [issue["severity"] for issue in issues] == ["critical", "critical", "minor", "info"]
    assert issues[2]["location"] == {"path": "b.yaml", "lines": {"begin": 1, "end": 9}}
    assert len({issue["fingerprint"] for issue in issues}) == 4


def test_github() -> None:
    *commands, summary = rendered("github", REPORT).splitlines()
    assert len(commands) == 4
    assert commands[0].startswith(
        "::error file=specs/a b%2Cc%3A%25.yaml,line=2,col=3,endColumn=4,"
        "title=agentflow unknown-agent::"
    )
    assert commands[2] == "::warning file=b.yaml,line=1,endLine=9,title=agentflow dead-step::w"
    assert commands[3] == "::notice file=b.yaml,line=1,title=agentflow whole-output::a"
    assert summary == (
        "2 errors, 1 warning, 1 piece of advice in 3 files (1 suppressed, 3 not shown)"
    )
    unnamed = replace(
        REPORT.findings[0], message="m", help=None, location=Location(STDIN, Span(2, 1, 2, 2))
    )
    assert rendered("github", Report((unnamed,), {})).splitlines()[0] == (
        "::error title=agentflow unknown-agent::m"
    )
    # A runner turns these back, and nothing else.
    message = commands[0].split("::", 2)[2]
    back = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert back == f"{safe(EVIL, oneline=True)}\n{safe(f'help: {EVIL}', oneline=True)}"


def test_junit() -> None:
    # An environment that was made before this was a dependency does without.
    judge = pytest.importorskip("xmlschema").XMLSchema(PUBLISHED / "junit-10.xsd")
    for report in reports():
        judge.validate(rendered("junit", report))
    text = rendered("junit", REPORT)
    head = '<testsuites name="agentflow" tests="5" failures="2" errors="0">'
    assert text.splitlines()[1] == head
    assert '<testcase name="no findings" classname="fine.yaml" />' in text
    assert 'name="unknown-agent at 2:3"' in text
    assert safe(EVIL, oneline=True) in html.unescape(text)


def test_jsonl() -> None:
    own = schema(SCHEMAS / "findings-line.v1.schema.json")
    # It holds the other one whole, so that it needs no other file.
    assert own["$defs"]["findings"] == schema(SCHEMAS / "findings.v1.schema.json")
    judge = jsonschema.Draft202012Validator(own)
    for report in reports():
        for line in rendered("jsonl", report).splitlines():
            judge.validate(json.loads(line))
    lines = [json.loads(line) for line in rendered("jsonl", REPORT).splitlines()]
    assert [line["type"] for line in lines] == [*["finding"] * 4, "suppressed", "summary"]
    assert lines[4]["reason"] == EVIL
    assert (lines[5]["errors"], lines[5]["hidden"], len(lines[5]["files"])) == (2, 3, 3)
    assert not judge.is_valid({**lines[0], "more": 1})
