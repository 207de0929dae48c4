"""Disks that are really full or read-only: nothing is lost, and it is said what to do.

A file system of so many kilobytes is mounted in a name space of its own; where the system lets
nobody have one, there is nothing to test with.
"""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from .shell import AGENTFLOW, Done, Project

SPEC = """
agentflow: 1
name: many
agents:
  printer:
    kind: command
    argv: [./print]
    effects: write
    input: {type: object}
    output: {type: string}
steps:
  all:
    for_each: {over: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], max: 20, parallel: 1}
    agent: printer
    idempotency_key: "${{ run.id }}/${{ index }}"
outputs: {pages: "${{ size(steps.all.output) }}"}
"""
#: It says which piece of work it does, and answers with 20 kB.
PRINT = """#!/bin/sh
echo "$AGENTFLOW_IDEMPOTENCY_KEY" >> calls
head -c 20000 /dev/zero | tr '\\0' x | sed 's/^/"/; s/$/"/'
"""


def may_mount() -> bool:
    """Does the system let us have a name space with mounts of its own?"""
    program = shutil.which("unshare")
    if program is None:
        return False
    command = (program, "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
    return subprocess.run(command, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not may_mount(), reason="nobody may mount anything here")


@pytest.fixture
def disk(project: Project) -> Path:
    """Where the disk will be."""
    project.write("many.yaml", SPEC)
    project.write("print", PRINT).chmod(0o755)
    (project.folder / "disk").mkdir()
    return project.folder / "disk"


def on_disk(project: Project, disk: Path, kilobytes: int, *lines: str) -> Done:
    """Carry out lines of a shell, in which `agentflow` is ours, with the disk mounted."""
    command = shlex.join(AGENTFLOW)
    script = [
        f"mount -t tmpfs -o size={kilobytes}k tmpfs {disk}",
        f'agentflow() {{ {command} "$@" --store {disk}/store; }}',
        *lines,
    ]
    return project.program("unshare", "-Urm", "sh", "-c", "\n".join(script))


def test_a_disk_without_room_for_a_run_starts_none(project: Project, disk: Path) -> None:
    done = on_disk(
        project,
        disk,
        16,
        "agentflow run many.yaml --json; code=$?",
        "ls -A disk/store/runs >&2",
        "exit $code",
    )
    assert done.code == 3
    told = json.loads(done.out)
    assert (told["run"], told["status"], told["calls"]) == (None, "not_started", 0)
    assert told["problem"]["help"] == "free space on that disk, then try again"
    assert done.err == (
        f"error: {told['problem']['message']}\nhelp: free space on that disk, then try again\n"
    )
    assert not (project.folder / "calls").exists()


def test_a_disk_that_fills_up_stops_the_run_and_a_larger_one_lets_it_go_on(
    project: Project, disk: Path
) -> None:
    done = on_disk(
        project,
        disk,
        300,
        "agentflow run many.yaml --json > first.json; echo $?",
        "run=$(ls disk/store/runs)",
        "agentflow runs --json > runs.json",
        "mount -o remount,size=4000k disk",
        "agentflow resume $run --quiet",
        "agentflow replay $run --quiet; echo $?",
    )
    first, listed = (
        json.loads((project.folder / name).read_text()) for name in ("first.json", "runs.json")
    )
    assert first["status"] == "crashed"
    assert first["problem"]["help"] == "free space on that disk, then resume the run"
    assert [run["status"] for run in listed["runs"]] == ["crashed"]
    code, *resumed = done.out.splitlines()
    assert (code, resumed[:2], resumed[-1]) == ("3", ["outputs:", "  pages: 20"], "0")
    calls = (project.folder / "calls").read_text().split()
    assert {*calls} == {f"{first['run']}/{index}" for index in range(20)}
    # What was under way is made again, with its key, and nothing else.
    assert len(calls) <= 21


def test_a_disk_that_can_only_be_read_is_read(project: Project, disk: Path) -> None:
    done = on_disk(
        project,
        disk,
        4000,
        "agentflow run many.yaml --quiet > /dev/null",
        "run=$(ls disk/store/runs)",
        "mount -o remount,ro disk",
        "agentflow runs --json > runs.json && agentflow show $run --json > show.json",
        "agentflow replay $run --quiet",
        "agentflow run many.yaml --json; echo $?",
    )
    replayed, _, document = done.out.partition("\n")
    assert replayed.endswith("all the same")
    told, _, code = document.rpartition("}\n")
    assert (json.loads(told + "}")["status"], code) == ("not_started", "3\n")
    assert done.err.endswith(
        ": read-only file system\n"
        "help: mount that file system for writing, or name another store with '--store', then try again\n"
    )
    listed = json.loads((project.folder / "runs.json").read_text())["runs"]
    assert [run["status"] for run in listed] == ["succeeded"]
    assert len((project.folder / "calls").read_text().split()) == 20


ASKING = """
agentflow: 1
name: asking
steps:
  approve:
    human: {ask: "Go on?", answer: {type: boolean}}
    timeout: 1h
    catch: {timeout: fail}
outputs: {yes: "${{ steps.approve.output }}"}
"""
#: Leaves room for one small file.
FILL = "dd if=/dev/zero of=disk/fill bs=1k 2> /dev/null; truncate -s -4096 disk/fill"
RUN = "agentflow run asking.yaml --quiet > /dev/null; run=$(ls disk/store/runs)"


def test_what_cannot_be_said_to_a_run_on_a_disk_that_can_only_be_read(
    project: Project, disk: Path
) -> None:
    project.write("asking.yaml", ASKING)
    done = on_disk(
        project,
        disk,
        4000,
        RUN,
        "mount -o remount,ro disk",
        "agentflow answer $run approve approve",
        "agentflow cancel $run",
        "agentflow resume $run",
    )
    assert [line for line in done.err.splitlines() if line.startswith("help: ")] == [
        "help: mount that file system for writing, then try again",
        "help: mount that file system for writing, then try again",
        "help: mount that file system for writing, then resume the run",
    ]


def test_a_run_that_cannot_be_taken_up_on_a_full_disk_is_told_as_json(
    project: Project, disk: Path
) -> None:
    project.write("asking.yaml", ASKING)
    fill = "dd if=/dev/zero of=disk/fill bs=1k 2> /dev/null"
    done = on_disk(project, disk, 4000, RUN, fill, "agentflow resume $run --json; echo $?")
    document, _, code = done.out.rpartition("}\n")
    told = json.loads(document + "}")
    assert (code, told["status"], len(told["waiting"])) == ("3\n", "waiting", 1)
    assert done.err.endswith(
        f"error: {told['problem']['message']}\nhelp: {told['problem']['help']}\n"
    )
    assert told["problem"]["help"] == "free space on that disk, then resume the run"


@pytest.mark.parametrize(
    ("command", "what", "status"),
    [
        ("answer $run approve approve", "the answer", "succeeded"),
        ("cancel $run", "the request to cancel", "cancelled"),
    ],
    ids=["answer", "cancel"],
)
def test_what_is_said_to_a_run_on_a_full_disk_is_kept(
    project: Project, disk: Path, command: str, what: str, status: str
) -> None:
    project.write("asking.yaml", ASKING)
    done = on_disk(
        project,
        disk,
        4000,
        RUN,
        FILL,
        f"agentflow {command}; echo $?",
        "rm disk/fill",
        "agentflow resume $run --json",
    )
    code, _, resumed = done.out.partition("\n")
    assert (code, json.loads(resumed)["status"]) == ("3", status)
    assert done.err.endswith(
        f"no space left on device; {what} lies with the run, and whoever resumes it takes that in\n"
        "help: free space on that disk, then resume the run\n"
    )
