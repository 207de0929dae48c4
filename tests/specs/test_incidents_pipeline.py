"""The flagship specs through the command line."""

import json
import os
from pathlib import Path

import pytest

from ..cli import inprocess
from ..cli.shell import Done
from .night import SPECS, Json, Night


def agentflow(store: Path, *arguments: str, **variables: str) -> Done:
    env = {**os.environ, "AGENTFLOW_STORE": str(store), "NO_COLOR": "1", **variables}
    return inprocess.agentflow(*arguments, folder=SPECS.parent, env=env)


def run(folder: Path, *arguments: str, **variables: str) -> tuple[int, Json]:
    """The exit code and the JSON of a run whose report goes to `folder`."""
    done = agentflow(
        folder / "store",
        *("run", "specs/incidents.yaml", "--json", "-i", f"report={folder / 'report.md'}"),
        *arguments,
        **variables,
    )
    said: Json = json.loads(done.out)
    return done.code, said


def test_the_specs_are_valid(tmp_path: Path) -> None:
    done = agentflow(tmp_path, "validate", "specs/incidents.yaml", "specs/incidents_llm.yaml")
    assert (done.code, done.out) == (0, "no problems in 2 files\n")


def test_the_specs_pass_their_own_tests(tmp_path: Path) -> None:
    done = agentflow(tmp_path, "test", "specs/incidents.yaml", "specs/incidents_llm.yaml")
    assert done.code == 0, done.out
    assert done.out.endswith("8 tests passed\n")


def test_a_run_gives_the_report_of_the_agents_called_by_hand(tmp_path: Path, night: Night) -> None:
    code, said = run(tmp_path)
    assert (code, said["status"]) == (0, "succeeded")
    assert said["outputs"]["counts"] == night.report["counts"]
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == night.text
    again = agentflow(tmp_path / "store", "replay", said["run"])
    assert again.code == 0
    assert again.out.endswith("all the same\n")


def test_the_report_does_without_the_comparison(tmp_path: Path) -> None:
    code, said = run(tmp_path, PATH=str(tmp_path))
    assert (code, said["outputs"]["counts"]["repeats"]) == (0, 0)
    assert "The comparison did not run" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_night_without_security_has_no_brief(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name in ("msg-016.txt", "msg-020.txt"):
        (inbox / name).write_bytes((SPECS / "incidents" / "messages" / name).read_bytes())
    (inbox / "scan.pdf").write_bytes(b"%PDF-1.7")
    code, said = run(tmp_path, "-i", f"folder={inbox}")
    assert code == 0
    assert said["outputs"]["counts"] == {
        "files": 3, "handled": 2, "unhandled": 1, "urgent": 0, "overdue": 0, "repeats": 0
    }  # fmt: skip
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Security brief" not in report
    assert "not a .txt file" in report


def test_no_folder_no_report(tmp_path: Path) -> None:
    code, said = run(tmp_path, "-i", "folder=nowhere")
    assert (code, said["status"], said["outputs"]) == (1, "failed", None)
    assert "no folder 'nowhere'" in json.dumps(said["failure"])
    assert not (tmp_path / "report.md").exists()


@pytest.mark.parametrize("name", ["incidents", "incidents_llm"])
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_both_specs_can_be_simulated(tmp_path: Path, name: str, seed: str) -> None:
    arguments = ("--simulate", "--seed", seed, "-i", f"report={tmp_path / 'report.md'}")
    done = agentflow(tmp_path / "store", "run", f"specs/{name}.yaml", "--json", *arguments)
    assert done.code == 0, done.err
    assert json.loads(done.out)["mode"] != "live"
    assert not (tmp_path / "report.md").exists()
