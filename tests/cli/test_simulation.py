"""`run --simulate`: answers made up from the contracts, by a seed, with nothing touched."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from .shell import Done, Project

SPECS = Path(__file__).parent.parent.parent / "specs"
NAMES = sorted(path.name for path in SPECS.glob("*.yaml"))


@pytest.fixture
def shipped(project: Project) -> Project:
    """A project with the specs that are shipped."""
    for path in SPECS.iterdir():
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, project.folder / path.name, ignore=ignored)
        elif path.suffix == ".yaml":
            shutil.copy(path, project.folder)
    return project


def essence(run: dict[str, Any]) -> dict[str, Any]:
    """A trace without what differs between two runs of the same: ids and moments."""

    def of(step: dict[str, Any]) -> dict[str, Any]:
        times = {"started", "ended"}
        kept = {key: value for key, value in step.items() if key not in times}
        return {**kept, "steps": [of(inner) for inner in step["steps"]]}

    kept = {key: run[key] for key in ("status", "entries", "calls", "retries", "outputs")}
    return {**kept, "steps": [of(step) for step in run["steps"]]}


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_stands_for_a_run(shipped: Project, name: str) -> None:
    before = shipped.files()
    first, second = (shipped.json("run", name, "--simulate", "--seed", "7") for _ in range(2))
    assert (first["mode"], first["status"]) == ("simulated", "succeeded")
    traces = [essence(shipped.json("show", run["run"])) for run in (first, second)]
    assert traces[0] == traces[1]
    assert shipped.files() == before


def test_another_seed_stands_for_another_run(shipped: Project) -> None:
    first, other = (
        shipped.json("run", "incidents.yaml", "--simulate", "--seed", seed) for seed in ("7", "8")
    )
    assert first["outputs"] != other["outputs"]
    assert shipped.agentflow("replay", first["run"], "--quiet").code == 0


def test_simulated_runs_are_marked_everywhere(project: Project) -> None:
    done = project.agentflow("run", "hello.yaml", "-i", "name=Ada", "--simulate")
    (run_id,) = project.run_ids()
    assert "SIMULATED: no agent is called, all answers are made up" in done.out
    assert "outputs (simulated):\n" in done.out
    shown = project.agentflow("show", run_id)
    assert "SIMULATED" in shown.out
    assert "outputs (simulated):\n" in shown.out
    assert "SIMULATED" in project.agentflow("replay", run_id).out
    assert "succeeded (simulated)" in project.agentflow("runs").out
    assert project.json("show", run_id)["mode"] == "simulated"
    (listed,) = project.json("runs")["runs"]
    assert listed["mode"] == "simulated"
    quiet = project.agentflow("run", "hello.yaml", "-i", "name=Ada", "--simulate", "--quiet")
    assert quiet.out.startswith("outputs (simulated):\n")


def test_a_simulation_starts_no_agent(project: Project) -> None:
    project.hold("first")
    done = project.json("run", "chain.yaml", "--simulate")
    assert (done["status"], done["calls"]) == ("succeeded", 6)
    assert project.calls() == []


def test_a_simulation_needs_no_agents(project: Project) -> None:
    (project.folder / "desk.py").unlink()
    assert project.json("run", "faults.yaml", "--simulate")["calls"] == 19


def test_a_simulated_run_is_not_resumed_but_run_again(project: Project) -> None:
    done = project.json("run", "hello.yaml", "-i", "name=Ada", "--simulate", "--seed", "x")
    assert project.agentflow("resume", done["run"]) == Done(
        2, "", f"error: run '{done['run']}' has ended: succeeded\n"
    )


def test_time_is_made_up_too(project: Project) -> None:
    """An hour of waiting passes at once, and the log says that it took an hour."""
    project.edit("hello.yaml", "timeout: 30s", "timeout: 100ms")
    project.edit(
        "hello.yaml",
        "steps:\n  greet: {agent: greeter,",
        "retries:\n  patient: {max_attempts: 2, on: [timeout], "
        "backoff: {initial: 1h, factor: 1, max: 1h, jitter: none}}\n"
        "budget: {wall: 2h}\n"
        "steps:\n  greet: {agent: greeter, retry: patient,",
    )
    done = project.json("run", "hello.yaml", "-i", "name=Ada", "--simulate", code=1)
    assert (done["failure"]["kind"], done["retries"]) == ("timeout", 1)
    assert done["seconds"] == pytest.approx(3600.2)
    assert done["failure"]["message"] == "step 'greet' failed: no answer within 100ms"
