"""What `validate` writes, and where: the same in every format as the exit code says."""

import json
import os
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .checking import GOOD, UNKNOWN_AGENT, UNUSED
from .inprocess import agentflow
from .shell import Done

PROGRAMS = ("json", "jsonl", "sarif", "github", "gitlab", "junit")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "agentflow.toml").touch()
    for name, text in (("good", GOOD), ("error", UNKNOWN_AGENT), ("warning", UNUSED)):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def junit(*arguments: str) -> tuple[int, Any]:
    done = agentflow("validate", "--format", "junit", *arguments)
    return done.code, ElementTree.fromstring(done.out)


# --- what is not there -----------------------------------------------------------------------

NONE = "there is no file 'none.yaml'"
EMPTY = "there are no specs in the folder 'empty'"


@pytest.mark.parametrize("others", [[], ["good.yaml"]], ids=["alone", "among others"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_not_there_is_told_in_every_format(name: str, others: list[str]) -> None:
    done = agentflow("validate", "--format", name, "none.yaml", "empty", *others)
    assert done.code == 3
    assert NONE in done.out
    assert EMPTY in done.out
    assert f"error: {NONE}\n" in done.err
    assert f"error: {EMPTY}\n" in done.err


def test_what_is_not_there_is_a_finding_for_programs() -> None:
    found = json.loads(agentflow("validate", "--format", "json", "none.yaml", "good.yaml").out)
    (finding,) = found["findings"]
    assert (finding["rule"], finding["severity"]) == ("unreadable-file", "error")
    assert (finding["message"], finding["location"]["file"]) == (NONE, "none.yaml")
    assert found["files"] == ["good.yaml"]
    log = json.loads(agentflow("validate", "--format", "sarif", "none.yaml").out)
    assert log["runs"][0]["invocations"] == [{"executionSuccessful": False}]
    code, root = junit("none.yaml", "good.yaml")
    assert (code, root.get("failures")) == (3, "1")


def test_all_that_is_not_there_is_told_to_people() -> None:
    said = (
        "error: there are no specs in the folder 'empty'\n"
        "help: a spec is a file that ends in .yaml or .yml and has a line 'agentflow: 1'\n"
        "error: no file fits 'no*.yaml'\n"
        "help: ** stands for folders, * for any part of a name\n"
    )
    assert agentflow("validate", "empty", "no*.yaml") == Done(2, "", said)
    assert agentflow("validate", "empty", "no*.yaml", "good.yaml") == Done(
        2, "no problems in 1 file\n", said
    )
    missing = f"error: {NONE}\n"
    assert agentflow("validate", "empty", "no*.yaml", "none.yaml") == Done(3, "", said + missing)


# --- the exit code and JUnit -----------------------------------------------------------------


def test_a_failure_of_junit_is_what_makes_it_fail() -> None:
    code, root = junit("warning.yaml")
    assert (code, root.get("failures"), len(root.findall(".//skipped"))) == (0, "0", 1)
    code, root = junit("warning.yaml", "--strict")
    assert (code, root.get("failures"), len(root.findall(".//failure"))) == (1, "1", 1)
    code, root = junit("error.yaml", "--exit-zero")
    assert (code, root.get("failures"), len(root.findall(".//failure"))) == (0, "0", 0)


def test_what_is_not_shown_and_fails_is_a_failure_too() -> None:
    code, root = junit("warning.yaml", "--strict", "--severity", "error")
    (failure,) = root.findall(".//failure")
    said = "findings that are not shown fail; '--severity warning' shows them"
    assert (code, root.get("failures"), failure.get("message")) == (1, "1", said)
    hidden = ("warning.yaml", "--strict", "--severity", "error")
    annotated = agentflow("validate", "-f", "github", *hidden).out
    assert annotated.startswith(f"::error title=agentflow configuration::{said}\n")


# --- files and stdin -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", *PROGRAMS])
def test_the_output_in_a_file(name: str) -> None:
    arguments = ("validate", "--format", name, "error.yaml")
    shown = agentflow(*arguments)
    mask = os.umask(0o027)
    try:
        assert agentflow(*arguments, "--output-file", "out") == Done(1, "", shown.err)
    finally:
        os.umask(mask)
    out = Path("out")
    assert out.read_text("utf-8") == shown.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert [each.name for each in Path().glob(".agentflow-*")] == []


def test_a_file_stays_as_it_was_where_nothing_is_written(folder: Path) -> None:
    out = folder / "out"
    out.write_text("before")
    assert agentflow("validate", "good.yaml", "--select", "cycel", "--output-file", "out").code == 2
    assert out.read_text() == "before"
    link = folder / "link"
    link.symlink_to("out")
    assert agentflow("validate", "good.yaml", "--output-file", "link") == Done(0, "")
    assert (link.is_symlink(), out.read_text()) == (True, "no problems in 1 file\n")
    assert agentflow("validate", "good.yaml", "--output-file", "gone/out") == Done(
        3, "", "error: cannot write 'gone/out': No such file or directory\n"
    )


def test_what_is_no_file_is_written_to() -> None:
    done = agentflow("validate", "good.yaml", "--output-file", "/dev/null")
    assert done == Done(0, "")
    assert Path("/dev/null").is_char_device()


def test_stdin_by_the_name_of_a_file(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "agentflow.toml").write_text('ignore = ["unused-definition"]\n')
    done = agentflow("validate", "-", stdin=UNUSED.encode())
    assert " --> <stdin>:4:3\n" in done.out
    named = ("-", "--stdin-filename", "deep/spec.yaml")
    assert agentflow("validate", *named, stdin=UNUSED.encode()) == Done(
        0, "no problems in 1 file\n"
    )
    out = agentflow("validate", *named, "-f", "github", stdin=UNKNOWN_AGENT.encode()).out
    assert out.startswith("::error file=deep/spec.yaml,line=11,")
    diff = agentflow("validate", *named, "--diff", stdin=UNKNOWN_AGENT.encode()).out
    assert diff.startswith("--- a/deep/spec.yaml\n")
    refused = agentflow("validate", "good.yaml", "--stdin-filename", "x.yaml")
    said = "Invalid value: '--stdin-filename' is about '-', which is not among the specs\n"
    assert (refused.code, refused.err.endswith(said)) == (2, True)


# --- what else is said -----------------------------------------------------------------------


def test_quiet() -> None:
    assert agentflow("validate", "good.yaml", "-q") == Done(0, "")
    whole = agentflow("validate", "error.yaml").out
    findings, summary = whole.split("\n\n")
    assert summary == "1 error in 1 file\nfixes to try: 1 with 'validate --fix'\n"
    assert agentflow("validate", "error.yaml", "-q") == Done(1, f"{findings}\n")
    # Formats for programs are what they are.
    of_programs = agentflow("validate", "error.yaml", "-f", "json")
    assert agentflow("validate", "error.yaml", "-f", "json", "-q") == of_programs
    assert agentflow("validate", "none.yaml", "-q") == Done(3, "", f"error: {NONE}\n")
    assert agentflow("validate", "error.yaml", "--fix", "-q") == Done(0, "")


def test_what_was_mended_is_told_to_programs() -> None:
    assert json.loads(agentflow("validate", "error.yaml", "-f", "json").out)["fixed"] == []
    mended = json.loads(agentflow("validate", "error.yaml", "--fix", "-f", "json").out)
    (fixed,) = mended["fixed"]
    assert (fixed["rule"], fixed["location"]["line"]) == ("unknown-agent", 11)
    assert mended["findings"] == []
    Path("error.yaml").write_text(UNKNOWN_AGENT)
    lines = agentflow("validate", "error.yaml", "--fix", "-f", "jsonl").out.splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["fixed", "summary"]


@pytest.mark.parametrize(
    "slip",
    [
        ("kind: command", "kind: [command]"),
        ("steps.write.output }}", "nope(steps.write.output) }}"),
    ],
    ids=["wrong type", "expression"],
)
def test_that_more_may_be_found_is_said(slip: tuple[str, str]) -> None:
    Path("broken.yaml").write_text(GOOD.replace(*slip))
    note = "note: more may be found in 'broken.yaml' when its errors are mended\n"
    assert agentflow("validate", "broken.yaml", "error.yaml").err == note
