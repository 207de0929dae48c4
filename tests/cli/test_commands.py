"""Every command as it is meant to be used."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from agentflow.cli.stores import user_name
from agentflow.eventlog import Store

from .shell import AGENTFLOW, Done, Project

ROOT = Path(__file__).parent.parent.parent
SCHEMAS = ROOT / "schemas"
HELLO = ("run", "hello.yaml", "-i", "name=Ada")


def valid(value: object, schema: str) -> None:
    """The value keeps the published schema."""
    jsonschema.validate(value, json.loads((SCHEMAS / schema).read_text()))


def test_version(project: Project) -> None:
    with open(ROOT / "agentflow" / "__init__.py") as file:
        version = next(line for line in file if line.startswith("__version__")).split('"')[1]
    assert project.agentflow("--version", by=AGENTFLOW) == Done(0, f"agentflow {version}\n")
    project_table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project_table["scripts"] == {"agentflow": "agentflow.__main__:process"}


HELP = {
    "": "Usage: agentflow [OPTIONS] COMMAND [ARGS]...",
    "validate": "Usage: agentflow validate [OPTIONS] {SPEC...}",
    "lint": "Usage: agentflow lint [OPTIONS] {SPEC...}",
    "run": "Usage: agentflow run [OPTIONS] {SPEC}",
    "resume": "Usage: agentflow resume [OPTIONS] {RUN_ID}",
    "replay": "Usage: agentflow replay [OPTIONS] {RUN_ID}",
    "show": "Usage: agentflow show [OPTIONS] {RUN_ID}",
    "runs": "Usage: agentflow runs [OPTIONS]",
    "schema": "Usage: agentflow schema [OPTIONS] COMMAND [ARGS]...",
    "schema contracts": "Usage: agentflow schema contracts [OPTIONS] {SPEC}",
}


@pytest.mark.parametrize("command", HELP)
def test_help(project: Project, command: str) -> None:
    done = project.agentflow(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(HELP[command] + "\n")
    assert "\x1b" not in done.out


def test_an_unknown_command(project: Project) -> None:
    assert project.agentflow("walk", by=AGENTFLOW) == Done(
        2,
        "",
        "Usage: agentflow [OPTIONS] COMMAND [ARGS]...\n"
        "Try 'agentflow -h' for help.\n\nError: No such command 'walk'.\n",
    )


# --- validate --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["validate", "lint"])
def test_valid_specs(project: Project, command: str) -> None:
    assert project.agentflow(command, "hello.yaml") == Done(0, "no problems in 1 file\n")
    # A folder stands for the specs in it, and none is checked twice.
    specs = len(list(project.folder.glob("*.yaml")))
    done = project.agentflow(command, str(project.folder), f"{project.folder}/hello.yaml")
    assert (done.code, done.out) == (0, f"no problems in {specs} files\n")


def test_what_asks_people_relies_on_a_tick(project: Project) -> None:
    assert project.agentflow("validate", "approval.yaml") == Done(0, "no problems in 1 file\n")
    planned = project.agentflow("plan", "approval.yaml").out
    assert (
        "people        approve: support within 2d\n"
        "              where no process waits for them, 'agentflow tick' goes on once they have answered\n"
    ) in planned


def test_a_spec_on_stdin(project: Project) -> None:
    text = (project.folder / "hello.yaml").read_bytes()
    assert project.agentflow("validate", "-", stdin=text, by=AGENTFLOW) == Done(
        0, "no problems in 1 file\n"
    )
    done = project.agentflow("validate", "-", stdin=text.replace(b"desk:greet", b"desk"))
    assert done.code == 1
    assert " --> <stdin>:20:11\n" in done.out


def test_findings_as_json(project: Project) -> None:
    project.edit("hello.yaml", "steps.greet.output.text", "steps.great.output.text")
    done = project.agentflow("validate", "--format", "json", "hello.yaml", "chain.yaml")
    assert (done.code, done.err) == (1, "")
    found = json.loads(done.out)
    valid(found, "findings.v1.schema.json")
    assert found["files"] == ["chain.yaml", "hello.yaml"]
    error = next(each for each in found["findings"] if each["severity"] == "error")
    assert error["message"] == "unknown step 'great'"
    assert (error["location"]["file"], error["location"]["line"]) == ("hello.yaml", 33)


def test_warnings_are_no_errors(project: Project) -> None:
    project.edit("hello.yaml", "steps:\n", "steps:\n  idle: {agent: greeter, with: {name: Bob}}\n")
    done = project.agentflow("validate", "hello.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("1 warning in 1 file\n")


# --- run, show, runs -------------------------------------------------------------------------


def test_a_run(project: Project) -> None:
    done = project.agentflow(*HELLO, by=AGENTFLOW)
    (run_id,) = project.run_ids()
    assert (done.code, done.err) == (0, "")
    trace, _, result = done.out.partition("outputs:\n")
    said = [line.split("s  ", 1)[1] for line in trace.splitlines() if line]
    assert said[0] == f"run {run_id} of pipeline 'hello' started"
    assert said[1] == "greet  started, agent 'greeter'"
    assert said[2].startswith("greet  succeeded in ")
    assert said[3].startswith("run succeeded in ")
    assert result == (
        "  greeting: Hello, Ada!\n"
        "  times: 1\n"
        "\n"
        f"stored in {project.folder}/.agentflow/runs/{run_id}\n"
        f"replay with: agentflow replay {run_id}\n"
    )


def test_a_run_quietly(project: Project) -> None:
    assert project.agentflow(*HELLO, "--quiet") == Done(
        0, "outputs:\n  greeting: Hello, Ada!\n  times: 1\n"
    )


def test_a_run_as_json(project: Project) -> None:
    done = project.json(*HELLO)
    valid(done, "run.v1.schema.json")
    assert done == {
        "format": 1,
        "run": project.run_ids()[0],
        "pipeline": "hello",
        "mode": "live",
        "status": "succeeded",
        "outputs": {"greeting": "Hello, Ada!", "times": 1},
        "failure": None,
        "seconds": done["seconds"],
        "calls": 1,
        "retries": 0,
        "waiting": [],
        "unknown": [],
        "problem": None,
        "lost": [],
        "store": f"{project.folder}/.agentflow",
    }


INPUTS = {"name": "Ada", "times": 2}
FILES = {"json": '{"name": "Ada", "times": 2}', "yaml": "name: Ada\ntimes: 2\n"}


@pytest.mark.parametrize("language", FILES)
def test_inputs_from_a_file(project: Project, language: str) -> None:
    project.write("inputs", FILES[language])
    done = project.json("run", "hello.yaml", "--inputs", "inputs")
    assert done["outputs"] == {"greeting": "Hello, Ada!", "times": 2}


def test_inputs_from_stdin_and_one_by_one(project: Project) -> None:
    done = project.agentflow(
        *("run", "hello.yaml", "--quiet", "--inputs", "-", "-i", "name=12", "-i", "times=3"),
        stdin=FILES["json"].encode(),
    )
    # The contract says what a text means: a name stays a text, a number becomes one.
    assert done == Done(0, "outputs:\n  greeting: Hello, 12!\n  times: 3\n")


def test_concurrency_bounds_the_attempts_in_flight(project: Project) -> None:
    for color in ("red", "green", "blue"):
        project.hold(color)
    with project.start("run", "chain.yaml", "--concurrency", "2", "--json") as process:
        project.wait_for_call("red")
        project.wait_for_call("green")
        assert "blue" not in project.calls()
        for color in ("red", "green", "blue"):
            project.release(color)
        out, _ = process.communicate()
    assert json.loads(out)["status"] == "succeeded"


def test_what_to_do_next_names_the_store(project: Project) -> None:
    done = project.agentflow(*HELLO, "--store", "some where")
    (run,) = (project.folder / "some where" / "runs").iterdir()
    *_, stored, replay = done.out.splitlines()
    assert stored == f"stored in {run}"
    assert replay == f"replay with: agentflow replay {run.name} --store 'some where'"


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_store_of_ones_own(project: Project, way: str) -> None:
    option = ("--store", "elsewhere") if way == "option" else ()
    env = {} if way == "option" else {"AGENTFLOW_STORE": "elsewhere"}
    done = project.json(*HELLO, *option, env=env)
    assert done["store"] == f"{project.folder}/elsewhere"
    assert not (project.folder / ".agentflow").exists()
    (listed,) = project.json("runs", *option, env=env)["runs"]
    assert listed["run"] == done["run"]
    for command in ("show", "replay"):
        assert project.agentflow(command, done["run"], *option, env=env).code == 0


def test_the_store_is_that_of_the_project_one_is_in(project: Project) -> None:
    folder = project.folder / "deep" / "down"
    folder.mkdir(parents=True)
    project.agentflow(*HELLO)
    with project.start("runs", "--json", cwd=folder) as process:
        out, _ = process.communicate()
    assert [run["run"] for run in json.loads(out)["runs"]] == project.run_ids()


def test_runs(project: Project) -> None:
    assert project.agentflow("runs") == Done(0, f"no runs in {project.folder}/.agentflow\n")
    assert not (project.folder / ".agentflow").exists()
    for run_id in ("20261120-133000-4f2a91", "20261121-133000-4f2a91"):
        Store(project.folder / ".agentflow").create(run_id).close()
    listed = project.json("runs")
    valid(listed, "runs.v1.schema.json")
    assert [(run["run"], run["status"]) for run in listed["runs"]] == [
        ("20261121-133000-4f2a91", "crashed"),
        ("20261120-133000-4f2a91", "crashed"),
    ]


def test_a_run_without_its_large_values_is_damaged(project: Project) -> None:
    project.write(
        "large.yaml",
        "agentflow: 1\n"
        "name: large\n"
        "inputs: {type: object, properties: {text: {type: string}}}\n"
        "steps: {one: {switch: a, cases: {a: {output: 1}}}}\n",
    )
    done = project.json("run", "large.yaml", "-i", f"text={'long ' * 20_000}")
    assert project.json("runs")["runs"][0]["status"] == "succeeded"
    blobs = project.folder / ".agentflow" / "runs" / done["run"] / "blobs"
    for blob in blobs.iterdir():
        blob.unlink()
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "damaged"
    assert listed["problem"].endswith("is missing")


def test_a_long_output_is_cut_for_people_and_whole_in_a_pipe(project: Project) -> None:
    project.write(
        "large.yaml",
        "agentflow: 1\n"
        "name: large\n"
        "inputs: {type: object, required: [text], properties: {text: {type: string}}}\n"
        "steps: {one: {switch: a, cases: {a: {output: 1}}}}\n"
        "outputs: {text: '${{ inputs.text }}'}\n",
    )
    text = "x" * 3_000
    told = project.agentflow("run", "large.yaml", "-i", f"text={text}").out
    (run_id,) = project.run_ids()
    assert f"  text: {text[:2_000]}… (1,000 more characters)\n" in told
    assert f"all of it with: agentflow show {run_id} --json\n" in told
    whole = f"outputs:\n  text: {text}\n"
    assert project.agentflow("run", "large.yaml", "-i", f"text={text}", "--quiet").out == whole
    assert project.agentflow("show", run_id).out.endswith(whole)


def test_show(project: Project) -> None:
    run_id = project.json(*HELLO)["run"]
    done = project.agentflow("show", run_id, by=AGENTFLOW)
    assert (done.code, done.err) == (0, "")
    head, step, total, *outputs = done.out.splitlines()
    assert head == f"hello  run {run_id}"
    assert step.startswith("✓ greet  greeter  ")
    assert total.startswith("succeeded in ")
    by = f"started by {user_name()}"
    assert outputs == [by, "outputs:", "  greeting: Hello, Ada!", "  times: 1"]

    shown = project.json("show", run_id)
    valid(shown, "trace.v1.schema.json")
    assert (shown["run"], shown["status"], shown["entries"]) == (run_id, "succeeded", 2)
    assert [(step["address"], step["status"]) for step in shown["steps"]] == [
        ("greet", "succeeded")
    ]


def test_show_one_step(project: Project) -> None:
    run_id = project.json(*HELLO)["run"]
    done = project.agentflow("show", run_id, "--step", "greet")
    assert (done.code, done.err) == (0, "")
    events = [line.split("s  ", 1)[1] for line in done.out.splitlines() if "s  #" in line]
    assert events == [
        (
            "#0  → StartAttempt (attempt 1, agent 'greeter', effects none, timeout 30s): "
            "it waits for nothing [language.needs]"
        ),
        "#1  AttemptSucceeded (attempt 1)",
        "#1  → AcceptOutput: the answer keeps its contract [contract.output]",
    ]
    assert project.agentflow("show", run_id, "--step", "great") == Done(
        2, "", f"error: run '{run_id}' has nothing of a step 'great', did you mean 'greet'?\n"
    )
    assert project.agentflow("show", run_id, "--step", "no/such") == Done(
        2,
        "",
        f"error: run '{run_id}' has nothing of a step 'no/such'\nhelp: its steps are: greet\n",
    )


def test_schema(project: Project) -> None:
    done = project.agentflow("schema")
    assert (done.code, done.err) == (0, "")
    schema = json.loads(done.out)
    assert schema["$id"] == "urn:agentflow:pipeline:v1"
    jsonschema.Draft202012Validator.check_schema(schema)


ENDING = """
import atexit, sys, threading
from agentflow import __main__ as command

class Kept:
    def __del__(self):
        print("taken apart")

def late():
    threading.main_thread().join()
    print("a thread")

def main():
    threading.Thread(target=late).start()
    atexit.register(print, "put off")
    sys.exit(3)

kept = Kept()
command.main = main
command.process()
"""


def test_a_process_ends_without_being_taken_apart() -> None:
    """Its threads are waited for, and what is put off to the end is done."""
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, "a thread\nput off\n", "")
