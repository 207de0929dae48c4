import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from agentflow.cli.checks import FindingsFormat
from agentflow.findings import (
    Edit,
    Finding,
    Fix,
    Location,
    Related,
    Report,
    Severity,
    Span,
    Suppressed,
)
from agentflow.formats import FINDINGS_FORMATS, findings_json, findings_text
from tests.formats.goldens import CASES, SCHEMAS, assert_golden

FILES = sorted((CASES / "findings").glob("*.json"))


def location(data: Any) -> Location:
    span = Span(data["line"], data["column"], data["end_line"], data["end_column"])
    return Location(data["file"], span)


def finding(data: Any) -> Finding:
    return Finding(
        rule=data["rule"],
        severity=Severity(data["severity"]),
        message=data["message"],
        location=location(data["location"]),
        help=data["help"],
        related=tuple(Related(r["message"], location(r["location"])) for r in data["related"]),
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_text(file: Path) -> None:
    case = json.loads(file.read_text())
    findings = [finding(data) for data in case["findings"]]
    assert_golden(
        file.with_suffix(".txt"), findings_text.render(Report(tuple(findings), case["sources"]))
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_text_in_colour_is_the_same_text(file: Path) -> None:
    case = json.loads(file.read_text())
    findings = [finding(data) for data in case["findings"]]
    colored = findings_text.render(Report(tuple(findings), case["sources"]), color=True)
    for code in ("1;31", "1;33", "1;36", "1;32", "34", "1", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == findings_text.render(Report(tuple(findings), case["sources"]))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_json_says_all_and_keeps_its_schema(file: Path) -> None:
    case = json.loads(file.read_text())
    findings = [finding(data) for data in case["findings"]]
    text = findings_json.render(Report(tuple(findings), case["sources"]))
    document = json.loads(text)
    schema = json.loads((SCHEMAS / "findings.v1.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, registry=referencing.Registry()).validate(document)
    assert text.isascii()
    # Half a character is spelled out, as strict parsers take none.
    told = json.loads(json.dumps(case["findings"]).replace(r"\ud800", r"\\ud800"))
    assert document["findings"] == [{"fix": None} | data for data in told]
    assert document["files"] == list(case["sources"])
    assert sum(document["summary"].values()) == len(findings)


def test_json_has_fixes_and_what_was_suppressed() -> None:
    at = Location("a.yaml", Span(2, 3, 2, 4))
    fix = Fix("take it out", (Edit(Span(2, 3, 2, 4), ""),), safe=False)
    found = Finding("unknown-agent", Severity.ERROR, "m", at, fix=fix)
    taken_back = Suppressed(found, "it comes later", Location("a.yaml", Span(1, 1, 1, 9)))
    report = Report((found,), {"a.yaml": "a:\n  b\n"}, (taken_back,), hidden=2)
    document = json.loads(findings_json.render(report))
    jsonschema.validate(
        document, json.loads((SCHEMAS / "findings.v1.schema.json").read_text("utf-8"))
    )
    place = {"line": 2, "column": 3, "end_line": 2, "end_column": 4}
    assert document["findings"][0]["fix"] == {
        "title": "take it out",
        "safe": False,
        "edits": [{**place, "text": ""}],
    }
    (suppressed,) = document["suppressed"]
    assert suppressed["reason"] == "it comes later"
    assert suppressed["comment"]["end_column"] == 9
    assert document["summary"] == {
        "errors": 1,
        "warnings": 0,
        "advice": 0,
        "suppressed": 1,
        "hidden": 2,
    }
    assert findings_text.render(report).endswith(
        "\n1 error in 1 file (1 suppressed, 2 not shown)\n"
        "fixes to try: 1 with 'validate --unsafe-fixes'"
    )


def test_colour_goes_by_severity() -> None:
    at = Location("a.yaml", Span(1, 1, 1, 5))
    found = Finding("unknown-agent", Severity.WARNING, "unknown agent 'x'", at)
    assert findings_text.render(Report((found,), {"a.yaml": "name: x"}), color=True) == (
        "\x1b[1;33mwarning[unknown-agent]\x1b[0m: \x1b[1munknown agent 'x'\x1b[0m\n"
        "\x1b[34m -->\x1b[0m a.yaml:1:1\n"
        "\x1b[34m  |\x1b[0m\n"
        "\x1b[34m1 |\x1b[0m name: x\n"
        "\x1b[34m  |\x1b[0m \x1b[1;33m^^^^\x1b[0m\n"
        "\n"
        "\x1b[1;33m1 warning\x1b[0m in 1 file"
    )


def test_a_line_of_many_megabytes_is_not_gone_through() -> None:
    line = "x" * 5_000_000
    at = Location("a.yaml", Span(1, 4_000_001, 1, 4_000_004))
    report = Report((Finding("r", Severity.ERROR, "m", at),), {"a.yaml": line})
    text = findings_text.render(report)
    assert text.splitlines()[3:5] == [f"1 | …{'x' * 98}…", f"  | {' ' * 31}^^^"]


def test_the_registry_names_every_format_of_findings() -> None:
    modules = {file.stem for file in Path(findings_text.__file__).parent.glob("findings_*.py")}
    assert {f"findings_{name}" for name in FINDINGS_FORMATS} == modules
    assert [choice.value for choice in FindingsFormat] == list(FINDINGS_FORMATS)
