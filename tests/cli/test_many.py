"""Many specs at once: the same text, whether one process checks them or several."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..processes import WATCHDOG
from .checking import GOOD, UNKNOWN_AGENT, UNUSED
from .shell import Done

#: Runs the command with another idea of what is worth a process, and counts those that it starts.
SCRIPT = """\
import atexit, os, sys
sys.path.pop(0)
import agentflow.cli.checking as checking
from agentflow.__main__ import main
checking.WORTH_WHILE = int(sys.argv.pop(1))
children = []
os.register_at_fork(after_in_parent=lambda: children.append(1))
me = os.getpid()
atexit.register(lambda: os.getpid() == me and print(f"children: {len(children)}", file=sys.stderr))
main()
"""


#: A rule that is broken, in the first process and so in all of them.
BROKEN = "from agentflow.lint.rules import cycle\ncycle.check = None\nmain()\n"


def checked(
    folder: Path, worth_while: int, *arguments: str, script: str = SCRIPT
) -> tuple[Done, int]:
    """What `validate` says, and how many processes it started."""
    done = subprocess.run(
        [sys.executable, "-c", script, str(worth_while), "validate", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
    )
    said, _, children = done.stderr.rpartition("children: ")
    return Done(done.returncode, done.stdout, said), int(children)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agentflow.toml").touch()
    for number in range(4):
        (tmp_path / f"good{number}.yaml").write_text(GOOD)
        (tmp_path / f"error{number}.yaml").write_text(UNKNOWN_AGENT)
        (tmp_path / f"warning{number}.yaml").write_text(UNUSED)
    return tmp_path


def test_several_processes_say_the_same(folder: Path) -> None:
    alone, none = checked(folder, 10**9, ".", "none.yaml", "--format", "json")
    several, children = checked(folder, 0, ".", "none.yaml", "--format", "json")
    assert several == alone
    assert (alone.code, none) == (3, 0)
    assert alone.err == "error: there is no file 'none.yaml'\n"
    assert children == min(13, len(os.sched_getaffinity(0))) or len(os.sched_getaffinity(0)) == 1


def test_several_processes_mend_the_same(folder: Path) -> None:
    done, _ = checked(folder, 0, ".", "--unsafe-fixes")
    assert done == Done(0, "no problems in 12 files\n", "note: fixed 8 problems in 8 files\n")
    assert {file.read_text("utf-8") for file in folder.glob("*.yaml")} == {GOOD}


def test_a_rule_that_is_broken_is_told_of_each_file_and_the_others_go_on(folder: Path) -> None:
    broken = SCRIPT.removesuffix("main()\n") + BROKEN
    done, _ = checked(folder, 0, ".", "--format", "json", script=broken)
    assert (done.code, done.err) == (3, "")
    found = json.loads(done.out)["findings"]
    said = {
        (each["location"]["file"], each["message"]) for each in found if each["rule"] == "cycle"
    }
    bug = "bug in rule 'cycle': TypeError: 'NoneType' object is not callable"
    assert said == {(file.name, bug) for file in folder.glob("*.yaml")}
    assert {each["rule"] for each in found} == {"cycle", "unknown-agent", "unused-definition"}
