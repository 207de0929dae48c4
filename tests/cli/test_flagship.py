"""The pipeline that the README shows, in a copy of the repository's specs."""

import shutil
from pathlib import Path

from .shell import Project

SPECS = Path(__file__).parent.parent.parent / "specs"


def test_the_incident_desk_writes_its_report(project: Project) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SPECS, project.folder / "specs", ignore=ignored)
    report = project.folder / "out" / "incidents.md"

    done = project.json("run", "specs/incidents.yaml")
    assert (done["status"], done["outputs"]["report"]) == ("succeeded", str(report))
    text = report.read_text()
    messages = len(list((project.folder / "specs" / "incidents" / "messages").iterdir()))
    assert f"{messages} " in text
    assert len(text.splitlines()) > 100
    project.wait_for_processes()

    report.unlink()
    assert project.agentflow("replay", done["run"], "--quiet").code == 0
    assert not report.exists()
    shown = project.json("show", done["run"])
    assert {step["name"]: step["items"] for step in shown["steps"] if step["items"]} == {
        "extract": messages,
        "route": done["outputs"]["counts"]["handled"],
    }
