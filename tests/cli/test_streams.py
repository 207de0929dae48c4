"""Where the output goes does not matter to a run: pipes, readers that leave, terminals without
colour or without Unicode."""

import json
import subprocess

import pytest

from ..processes import WATCHDOG
from .shell import AGENTFLOW, Done, Project
from .terminal import Terminal

HELLO = ("run", "hello.yaml", "-i", "name=Ada")


def test_pipes_get_no_escape_sequences(project: Project) -> None:
    run_id = project.json(*HELLO, env={"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"})["run"]
    for command in (HELLO, ("show", run_id), ("replay", run_id), ("runs",), ("run", "nowhere")):
        done = project.agentflow(*command, env={"TERM": "xterm-256color"}, by=AGENTFLOW)
        assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize("command", [("run", "faults.yaml"), ("schema",), ("--help",)])
def test_a_reader_that_leaves_changes_nothing(project: Project, command: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [*AGENTFLOW, *command],
        cwd=project.folder,
        env=project.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(WATCHDOG) == 0
    if command[0] == "run":
        (listed,) = project.json("runs")["runs"]
        assert listed["status"] == "succeeded"


def test_nobody_listens(project: Project) -> None:
    """Descriptors 1 and 2 are closed, as some launchers do."""
    script = " ".join([*AGENTFLOW, *HELLO, ">&-", "2>&-", "<&-"])
    done = subprocess.run(["sh", "-c", script], cwd=project.folder, env=project.env())
    assert done.returncode == 0
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "succeeded"


def test_a_folder_that_is_gone(project: Project) -> None:
    script = " ".join(["mkdir gone && cd gone && rmdir ../gone &&", *AGENTFLOW, "runs"])
    done = subprocess.run(
        ["sh", "-c", script], cwd=project.folder, env=project.env(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: [Errno 2] No such file or directory\n"


def test_a_full_disk_behind_the_output(project: Project) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*AGENTFLOW, *HELLO],
            cwd=project.folder,
            env=project.env(),
            stdout=full,
            stderr=subprocess.PIPE,
        )
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "succeeded"
    run_id = listed["run"]
    assert done.returncode == 3
    assert done.stderr.decode() == (
        "error: cannot write the output: No space left on device; "
        f"the status of run '{run_id}' is 'succeeded'\n"
        f"help: see it with: agentflow show {run_id}\n"
    )


LOCALES = {
    "the C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "an ASCII stream": {"PYTHONIOENCODING": "ascii"},
}


@pytest.mark.parametrize("locale", LOCALES)
def test_a_terminal_without_unicode(project: Project, locale: str) -> None:
    env = LOCALES[locale]
    done = project.agentflow(
        "run", "hello.yaml", "-i", "name=Zoë ✓", "--quiet", env=env, by=AGENTFLOW
    )
    assert done == Done(0, "outputs:\n  greeting: Hello, Zo\\xeb \\u2713!\n  times: 1\n")
    (run_id,) = project.run_ids()
    assert project.json("show", run_id)["outputs"]["greeting"] == "Hello, Zoë ✓!"
    shown = project.agentflow("show", run_id, env=env, by=AGENTFLOW)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.isascii()
    refused = project.agentflow("run", "nowhere ✓.yaml", env=env, by=AGENTFLOW)
    assert (refused.code, refused.out) == (3, "")
    assert refused.err.startswith("error: there is no file 'nowhere \\u")
    assert refused.err.isascii()


def test_an_input_that_is_no_text(project: Project) -> None:
    latin = b"name=Zo\xeb".decode(errors="surrogateescape")
    done = project.agentflow("run", "hello.yaml", "-i", latin, by=AGENTFLOW)
    assert done == Done(2, "", "error: '--input name' is not UTF-8 text\n")


def test_json_is_json_in_every_locale(project: Project) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    done = project.agentflow(*HELLO[:-1], "name=Zoë", "--json", env=env, by=AGENTFLOW)
    assert json.loads(done.out)["outputs"]["greeting"] == "Hello, Zoë!"


def test_a_terminal(project: Project) -> None:
    spec, store = project.folder / "hello.yaml", project.folder / "store"
    command = [*AGENTFLOW, "run", str(spec), "-i", "name=Ada", "--store", str(store)]
    with Terminal(command, columns=100, rows=30) as terminal:
        assert terminal.read_to_end() == ""
        shown = terminal.text().splitlines()
    (run,) = (store / "runs").iterdir()
    assert shown[0] == f"hello  run {run.name}"
    assert shown[1].startswith("✓ greet  greeter  ")
    assert "  greeting: Hello, Ada!" in shown
    assert b"\x1b[32m" in terminal.raw
