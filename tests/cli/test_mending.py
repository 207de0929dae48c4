"""`validate --fix`, `--unsafe-fixes` and `--diff`, on the disk."""

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agentflow.cli import mending

from ..processes import WATCHDOG
from .checking import GOOD, UNKNOWN_AGENT, UNUSED
from .inprocess import agentflow
from .rights import as_nobody
from .shell import Done

INPUTS = """\
agentflow: 1
name: letters
inputs:
  type: object
  additionalProperties: false
  required: {required}
  properties: {{topic: {{type: string}}, place: {{type: string}}{day}}}
agents:
  writer: {{kind: command, argv: [./write], effects: none, input: {{type: object}}, output: {{type: string}}}}
steps:
  write: {{agent: writer, with: {{topic: "${{{{ inputs.topic }}}}", place: '${{{{ default(inputs.place, "") }}}}'}}}}
outputs: {{letter: "${{{{ steps.write.output }}}}"}}
"""
BOTH = UNUSED.replace("agent: writer}", "agent: wrter}")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "agentflow.toml").touch()
    monkeypatch.chdir(folder)
    return folder


def spec(text: str, name: str = "spec.yaml") -> Path:
    path = Path(name)
    path.write_bytes(text.encode())
    return path


def test_safe_fixes() -> None:
    path = spec(BOTH)
    done = agentflow("validate", "spec.yaml", "--fix")
    assert path.read_text("utf-8") == UNUSED
    assert done.code == 0
    assert done.err == "note: fixed 1 problem in 1 file\n"
    assert done.out.endswith(
        "\n1 warning in 1 file\nfixes to try: 1 with 'validate --unsafe-fixes'\n"
    )


def test_unsafe_fixes() -> None:
    path = spec(BOTH)
    done = agentflow("validate", "spec.yaml", "--unsafe-fixes")
    assert done == Done(0, "no problems in 1 file\n", "note: fixed 2 problems in 1 file\n")
    assert path.read_text("utf-8") == GOOD


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[topic, day]", "[topic]"),
        ("[day, topic]", "[topic]"),
        ("[topic, day, place]", "[topic, place]"),
    ],
)
def test_an_input_goes_with_the_demand_for_it(before: str, after: str) -> None:
    path = spec(INPUTS.format(required=before, day=", day: {type: string}"))
    done = agentflow("validate", "spec.yaml", "--unsafe-fixes")
    assert done == Done(0, "no problems in 1 file\n", "note: fixed 1 problem in 1 file\n")
    assert path.read_text("utf-8") == INPUTS.format(required=after, day="")


def test_an_input_that_tests_give_is_left_to_a_person() -> None:
    text = INPUTS.format(required="[topic, day, place]", day=", day: {type: string}")
    spec(f"{text}tests: {{t: {{inputs: {{topic: a, day: b, place: c}}}}}}\n")
    done = agentflow("validate", "spec.yaml")
    assert done.out.endswith(
        "help: use it, or take it out; line 13 has its name\n\n1 warning in 1 file\n"
    )


def test_without_an_option_nothing_is_changed() -> None:
    path = spec(BOTH)
    done = agentflow("validate", "spec.yaml")
    assert path.read_text("utf-8") == BOTH
    assert done.out.endswith(
        "1 error, 1 warning in 1 file\n"
        "fixes to try: 1 with 'validate --fix', 1 with 'validate --unsafe-fixes'\n"
    )


def test_nothing_to_fix_touches_nothing() -> None:
    path = spec(GOOD)
    before = path.stat()
    assert agentflow("validate", ".", "--fix") == Done(0, "no problems in 1 file\n")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


DIFF = """\
--- a/spec.yaml
+++ b/spec.yaml
@@ -8,5 +8,5 @@
     input: {type: object}
     output: {type: string}
 steps:
-  write: {agent: wrter}
+  write: {agent: writer}
 outputs: {letter: "${{ steps.write.output }}"}
"""


def test_a_diff() -> None:
    path = spec(UNKNOWN_AGENT)
    spec(GOOD, "good.yaml")
    said = "would fix 1 problem in 1 file\n"
    assert agentflow("validate", ".", "--diff") == Done(1, DIFF, said)
    assert path.read_text("utf-8") == UNKNOWN_AGENT
    assert agentflow("validate", "good.yaml", "--diff") == Done(
        0, "", "would fix 0 problems in 0 files\n"
    )


def test_a_diff_of_a_file_without_a_last_line_end() -> None:
    spec(UNKNOWN_AGENT.replace("wrter", "writer").rstrip("\n").replace(".write.", ".wriet."))
    out = agentflow("validate", "spec.yaml", "--diff").out
    assert out.endswith(
        '-outputs: {letter: "${{ steps.wriet.output }}"}\n\\ No newline at end of file\n'
        '+outputs: {letter: "${{ steps.write.output }}"}\n\\ No newline at end of file\n'
    )


@pytest.mark.parametrize(
    ("name", "line_end", "mark", "last"),
    [
        ("spec.yaml", "\n", "", "\n"),
        ("a spec.yaml", "\r\n", "", "\n"),
        ('a"b\\c\td.yaml', "\n", "\ufeff", ""),
        ("größe.yaml", "\r\n", "\ufeff", ""),
    ],
    ids=["plain", "crlf", "mark", "all"],
)
def test_a_diff_is_a_patch(name: str, line_end: str, mark: str, last: str) -> None:
    text = BOTH.rstrip("\n") + last
    path = spec((mark + text).replace("\n", line_end), name)
    patch = agentflow("validate", name, "--unsafe-fixes", "--diff").out
    git = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(git, input=patch.encode(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    patched = path.read_bytes()
    path.write_bytes((mark + text).replace("\n", line_end).encode())
    agentflow("validate", name, "--unsafe-fixes")
    assert patched == path.read_bytes() != (mark + text).replace("\n", line_end).encode()


def test_text_in_a_diff_gives_no_commands() -> None:
    spec(UNKNOWN_AGENT.replace("steps:", "description: |\n  ::error::x\nsteps:"))
    out = agentflow("validate", "spec.yaml", "--diff").out
    assert "::error" not in out.replace("\\x3a:error", "")


def test_credentials_in_a_diff_are_masked() -> None:
    key = "sk-" + "aB3" * 12
    text = UNKNOWN_AGENT.replace("steps:", f"# api_key: hunter2hunter2\n# {key}\nsteps:")
    path = spec(text)
    out = agentflow("validate", "spec.yaml", "--diff").out
    assert f" # api_key: hun{'*' * 11}\n # sk-{'*' * 36}\n steps:" in out
    agentflow("validate", "spec.yaml", "--fix")
    assert path.read_text() == text.replace("wrter", "writer")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no-mark", "mark"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_line_ends_and_the_byte_order_mark_stay(mark: str, line_end: str) -> None:
    headless = mark + BOTH.removeprefix("agentflow: 1\n")
    path = spec(headless.replace("\n", line_end))
    agentflow("validate", "spec.yaml", "--unsafe-fixes")
    assert path.read_bytes().decode() == (mark + GOOD).replace("\n", line_end)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755], ids=oct)
def test_the_mode_stays(mode: int, folder: Path) -> None:
    path = spec(UNKNOWN_AGENT)
    path.chmod(mode)
    before = set(folder.iterdir())
    agentflow("validate", "spec.yaml", "--fix")
    assert path.read_text("utf-8") == GOOD
    assert path.stat().st_mode & 0o777 == mode
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("mode", [0o444, 0o555], ids=oct)
def test_what_is_read_only_stays_as_it_is_and_the_others_are_mended(mode: int) -> None:
    path, other = spec(UNKNOWN_AGENT, "a.yaml"), spec(UNKNOWN_AGENT, "b.yaml")
    path.chmod(mode)
    done = agentflow("validate", ".", "--fix")
    said = "error: cannot write 'a.yaml': it is read-only\nnote: fixed 1 problem in 1 file\n"
    assert (done.code, done.err) == (3, said)
    assert "a.yaml:11:18" in done.out
    assert path.read_text("utf-8") == UNKNOWN_AGENT
    assert other.read_text("utf-8") == GOOD


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays() -> None:
    path = spec(UNKNOWN_AGENT)
    os.chown(path, 1234, 4321)
    agentflow("validate", "spec.yaml", "--fix")
    assert path.read_text("utf-8") == GOOD
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


def test_a_link_stays_one() -> None:
    spec(UNKNOWN_AGENT, "real.yaml")
    link = Path("link.yaml")
    link.symlink_to("real.yaml")
    agentflow("validate", "link.yaml", "--fix")
    assert link.is_symlink()
    assert Path("real.yaml").read_text("utf-8") == GOOD


def test_what_lies_outside_the_project_is_not_touched(folder: Path) -> None:
    outside = folder.parent / "outside.yaml"
    outside.write_text(UNKNOWN_AGENT)
    Path("link.yaml").symlink_to(outside)
    done = agentflow("validate", "link.yaml", "--fix")
    assert (done.code, done.err) == (
        3,
        (
            f"error: 'link.yaml' leads to '{outside}', outside the project '{folder}'\n"
            "help: only files of the project are changed\n"
        ),
    )
    assert outside.read_text("utf-8") == UNKNOWN_AGENT


def test_a_file_that_cannot_be_written_stays_whole(folder: Path) -> None:
    path = spec(UNKNOWN_AGENT)
    before = set(folder.iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        done = agentflow("validate", "spec.yaml", "--fix")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (done.code, done.err) == (3, "error: cannot write 'spec.yaml': File too large\n")
    assert "unknown agent 'wrter'" in done.out
    assert path.read_text("utf-8") == UNKNOWN_AGENT
    assert set(folder.iterdir()) == before


def test_a_folder_that_takes_no_new_file_leaves_the_spec_whole() -> None:
    with TemporaryDirectory() as name, chdir(name):
        folder = Path()
        (folder / "agentflow.toml").touch()
        # What is imported late is read before the rights to do so are gone.
        spec(UNKNOWN_AGENT)
        agentflow("validate", "spec.yaml", "none.yaml", "--fix")
        path = spec(UNKNOWN_AGENT)
        path.chmod(0o666)
        folder.chmod(0o555)
        with as_nobody():
            done = agentflow("validate", "spec.yaml", "--fix")
        left = {each.name for each in folder.iterdir()}
        folder.chmod(0o755)
        assert (done.code, done.err) == (
            3,
            "error: cannot write 'spec.yaml': Permission denied\n",
        )
        assert path.read_text("utf-8") == UNKNOWN_AGENT
        assert left == {"agentflow.toml", "spec.yaml"}


#: Runs the command in a process that is killed where it is about to rename a file.
KILLED = """\
import os, signal, sys
sys.path.pop(0)
def end(event, _):
    if event == "os.rename":
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(end)
from agentflow.__main__ import main
main()
"""


def test_who_is_killed_in_the_middle_leaves_the_old_spec_whole(folder: Path) -> None:
    path = spec(UNKNOWN_AGENT)
    path.chmod(0o640)
    command = [sys.executable, "-c", KILLED, "validate", "spec.yaml", "--fix"]
    killed = subprocess.run(command, capture_output=True, timeout=WATCHDOG)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text("utf-8") == UNKNOWN_AGENT
    # What it had written is hidden, and no spec to anybody.
    (left,) = folder.glob(".agentflow-*")
    assert left.read_text("utf-8") == GOOD
    done = agentflow("validate", ".", "--fix")
    assert done == Done(0, "no problems in 1 file\n", "note: fixed 1 problem in 1 file\n")
    assert path.read_text("utf-8") == GOOD
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_is_changed_meanwhile_stays_as_it_was_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By an editor, between the last look and the writing."""
    path, other = spec(UNKNOWN_AGENT, "a.yaml"), spec(UNKNOWN_AGENT, "b.yaml")
    write = mending.write

    def late(changed: mending.Changed) -> None:
        if changed.path == "a.yaml":
            path.write_text(f"{UNKNOWN_AGENT}# mine\n")
        write(changed)

    monkeypatch.setattr(mending, "write", late)
    done = agentflow("validate", "a.yaml", "b.yaml", "--fix")
    said = (
        "error: 'a.yaml' has been changed by somebody else\nhelp: try again\n"
        "note: fixed 1 problem in 1 file\n"
    )
    assert (done.code, done.err) == (3, said)
    assert path.read_text("utf-8") == f"{UNKNOWN_AGENT}# mine\n"
    assert other.read_text("utf-8") == GOOD


def test_a_reason_is_taken_out_by_nobody_who_did_not_ask() -> None:
    comment = "  # agentflow: ignore[dead-step] for the next release\n"
    text = GOOD.replace("steps:\n", f"steps:\n{comment}")
    path = spec(text)
    agentflow("validate", "spec.yaml", "--fix")
    assert path.read_text("utf-8") == text
    agentflow("validate", "spec.yaml", "--unsafe-fixes")
    assert path.read_text("utf-8") == GOOD


def test_stdin_cannot_be_mended() -> None:
    for option in ("--fix", "--unsafe-fixes"):
        assert agentflow("validate", "-", option, stdin=GOOD.encode()) == Done(
            2,
            "",
            "error: stdin cannot be mended\nhelp: '--diff' shows what would be, or name the file\n",
        )


def test_a_diff_of_stdin() -> None:
    done = agentflow("validate", "-", "--diff", stdin=UNKNOWN_AGENT.encode())
    assert done.out.startswith("--- a/stdin\n+++ b/stdin\n@@")
    assert "+  write: {agent: writer}\n" in done.out
    assert (done.code, done.err) == (1, "would fix 1 problem in 1 file\n")


def test_what_does_not_count_is_not_mended() -> None:
    path = spec(BOTH)
    agentflow("validate", "spec.yaml", "--fix", "--ignore", "unknown-agent")
    assert path.read_text("utf-8") == BOTH
    agentflow("validate", "spec.yaml", "--unsafe-fixes", "--select", "unused-definition")
    assert path.read_text("utf-8") == UNKNOWN_AGENT


def test_what_an_error_has_hidden_is_no_reason_against_its_fix() -> None:
    """Nobody reads the second step, which does not count while nobody knows what it does."""
    two = UNKNOWN_AGENT.replace("outputs:", "  again: {agent: wrter}\noutputs:")
    path = spec(two)
    done = agentflow("validate", "spec.yaml", "--fix")
    assert (done.code, done.err) == (0, "note: fixed 2 problems in 1 file\n")
    assert path.read_text("utf-8") == two.replace("wrter", "writer")
    assert done.out.startswith("warning[dead-step]: nobody reads the output of 'again'")


def test_a_fix_that_would_bring_something_new_is_left_out() -> None:
    closed = "{type: object, additionalProperties: false, required: [text], properties: {text: {type: string}}}"
    path = spec(UNKNOWN_AGENT.replace("{type: object}", closed))
    done = agentflow("validate", "spec.yaml", "--fix")
    left = (
        "note: spec.yaml:11:18 'unknown-agent' is not fixed, since 'missing-argument' would show:"
        " agent 'writer' is not given 'text'\n"
    )
    assert (done.code, done.err) == (1, left)
    assert "fixes to try" not in done.out
    assert "wrter" in path.read_text("utf-8")


def test_fixes_as_json() -> None:
    spec(UNKNOWN_AGENT)
    found = json.loads(agentflow("validate", "spec.yaml", "-f", "json").out)
    (finding,) = found["findings"]
    assert finding["fix"] == {
        "title": "write 'writer'",
        "safe": True,
        "edits": [
            {"line": 11, "column": 18, "end_line": 11, "end_column": 23, "text": "writer"},
        ],
    }


def test_suppressed_findings_are_counted_and_listed() -> None:
    text = UNUSED.replace(
        "attempts: 3}", "attempts: 3}  # agentflow: ignore[unused-definition] later"
    )
    spec(text)
    assert agentflow("validate", "spec.yaml", "--strict") == Done(
        0, "no problems in 1 file (1 suppressed)\n"
    )
    found = json.loads(agentflow("validate", "spec.yaml", "-f", "json").out)
    assert found["findings"] == []
    (taken_back,) = found["suppressed"]
    assert (taken_back["rule"], taken_back["reason"]) == ("unused-definition", "later")
    assert taken_back["comment"]["line"] == 4
