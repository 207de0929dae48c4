"""What `--diff` prints is a patch that `git apply` takes, for every rule that has a fix."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agentflow.lint.pages import page_of
from tests.lint.test_mending import ALSO, FIXABLE

from .checking import UNKNOWN_AGENT
from .inprocess import agentflow
from .terminal import Terminal

LAYOUTS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "no-last-line-end": lambda text: text.rstrip("\n"),
    "marked": lambda text: "\ufeff" + text,
    "annotated": lambda text: text.replace("\n", "\t# größer \u200b\u202e\U0001f600 \u2028\n"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "agentflow.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def specs(layout: Callable[[str], str]) -> dict[Path, bytes]:
    """A spec for every rule that has a fix, in a folder of its own with the files it names."""
    found = {}
    for rule in FIXABLE:
        spec, *others = ALSO.get(rule.NAME, page_of(rule).bad).split("--- # ")
        folder = Path(rule.NAME)
        found[folder / "spec.yaml"] = layout(spec).encode()
        for other in others:
            name, _, text = other.partition("\n")
            found[folder / name] = text.encode()
    for file, data in found.items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_fixes_of_every_rule_as_a_patch(layout: str) -> None:
    before = specs(LAYOUTS[layout])
    shown = agentflow("validate", "*/spec.yaml", "--unsafe-fixes", "--diff")
    assert "for people only" not in shown.err
    git = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(git, input=shown.out.encode(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    patched = {file: file.read_bytes() for file in before}
    for file, data in before.items():
        file.write_bytes(data)
    agentflow("validate", "*/spec.yaml", "--unsafe-fixes")
    assert patched == {file: file.read_bytes() for file in before}
    changed = {file.parent.name for file, data in before.items() if patched[file] != data}
    assert len(changed) > len(FIXABLE) // 2


def test_files_outside_the_folder_are_named_from_the_root_of_their_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fx", "elsewhere"):
        (folder / name).mkdir()
    (folder / "agentflow.toml").touch()
    (folder / "fx" / "spec.yaml").write_text(UNKNOWN_AGENT)
    monkeypatch.chdir(folder / "elsewhere")
    for name in ("../fx/spec.yaml", str(folder / "fx" / "spec.yaml")):
        done = agentflow("validate", name, "--diff")
        assert done.out.startswith("--- a/fx/spec.yaml\n+++ b/fx/spec.yaml\n")
        assert done.err == (
            "would fix 1 problem in 1 file\n"
            f"note: the names of files outside this folder start in '{folder}'\n"
        )
    git = ["git", "apply", "--check", "-"]
    subprocess.run(git, input=done.out.encode(), cwd=folder, check=True)


def test_what_nobody_sees_stays_in_a_patch_and_is_spelled_out_on_a_terminal(folder: Path) -> None:
    text = UNKNOWN_AGENT.replace("steps:", "# \u202eevil\nsteps:")
    Path("spec.yaml").write_text(text, encoding="utf-8")
    assert " # \u202eevil\n" in agentflow("validate", "spec.yaml", "--diff").out
    command = [sys.executable, "-m", "agentflow", "validate", "spec.yaml", "--diff"]
    with Terminal(command, columns=100, rows=30, folder=folder) as terminal:
        terminal.read_to_end()
        assert rb" # \u202eevil" in terminal.raw
        assert "\u202e".encode() not in terminal.raw


def test_a_patch_that_is_not_whole_is_said_to_be_for_people() -> None:
    note = (
        "note: the diff is for people only: what looks like a credential or a command to a log is"
        " not shown as it is\n"
    )
    for line in ("# api_key: hunter2hunter2", "# \n  ::error::x"):
        text = UNKNOWN_AGENT.replace("steps:", f"description: |\n  {line}\nsteps:")
        Path("spec.yaml").write_text(text, encoding="utf-8")
        done = agentflow("validate", "spec.yaml", "--diff")
        assert done.err == f"would fix 1 problem in 1 file\n{note}"
