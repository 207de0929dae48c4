"""What is not a spec, an input or a run: a message of its own, the right exit code, and nothing
half-written."""

import os

import pytest

from agentflow.eventlog import Store, lock
from tests.formats.test_run import valid

from . import inprocess
from .shell import PIPELINES, Done, Project

FILE_HELP = "help: inputs are names with values, in JSON or YAML, such as 'name: value'\n"

# --- specs -----------------------------------------------------------------------------------


NO_SPECS = {
    b"": ("error[syntax]: the file is empty\n --> spec.yaml\nhelp: start with 'agentflow: 1'\n"),
    b"- a\n": (
        "error[syntax]: the file holds a list, expected keys and values\n"
        " --> spec.yaml:1:1\n"
        "  |\n"
        "1 | - a\n"
        "  | ^^^\n"
        "help: start with 'agentflow: 1'\n"
    ),
    b"\x7fELF\xd0\x00": (
        "error[syntax]: byte 0xd0 is not UTF-8\n"
        " --> spec.yaml:1:5\n"
        "  |\n"
        "1 | \\x7fELF\n"
        "  |        ^\n"
        "help: save the file as UTF-8 text\n"
    ),
    bytes(100 * 1024 * 1024): (
        "error[too-large]: more than 8 MiB\n"
        " --> spec.yaml\n"
        "help: split the spec into several pipelines, and keep data in files of its own\n"
    ),
}


@pytest.mark.parametrize("content", NO_SPECS, ids=["empty", "a list", "a binary", "100 MB"])
def test_files_that_are_no_specs(project: Project, content: bytes) -> None:
    project.write("spec.yaml", content)
    findings = f"{NO_SPECS[content]}\n1 error in 1 file\n"
    assert project.agentflow("validate", "spec.yaml") == Done(1, findings)
    refusal = "error: 'spec.yaml' has an error and cannot run\n"
    assert project.agentflow("run", "spec.yaml") == Done(1, "", findings + refusal)
    assert not (project.folder / ".agentflow").exists()


UNREADABLE = {
    "nowhere.yaml": (3, "error: there is no file 'nowhere.yaml'\n"),
    "pipe.yaml": (3, "error: 'pipe.yaml' is not a regular file\n"),
    "/dev/zero": (3, "error: '/dev/zero' is not a regular file\n"),
    "empty": (3, "error: 'empty' is a folder\n"),
    "x" * 300: (3, f"error: cannot read '{'x' * 300}': File name too long\n"),
    "hello.yaml/x": (3, "error: cannot read 'hello.yaml/x': Not a directory\n"),
}


@pytest.mark.parametrize("path", UNREADABLE)
def test_paths_that_lead_to_no_spec(project: Project, path: str) -> None:
    os.mkfifo(project.folder / "pipe.yaml")
    (project.folder / "empty").mkdir()
    code, message = UNREADABLE[path]
    assert project.agentflow("run", path) == Done(code, "", message)
    assert not (project.folder / ".agentflow").exists()


def test_a_file_that_may_have_been_meant(project: Project) -> None:
    error, advice = "error: there is no file", "help: did you mean"
    assert project.agentflow("validate", "helo.yaml") == Done(
        3, "", f"{error} 'helo.yaml'\n{advice} 'hello.yaml'?\n"
    )
    assert project.agentflow("run", "./hello.yml") == Done(
        3, "", f"{error} 'hello.yml'\n{advice} 'hello.yaml'?\n"
    )
    assert project.agentflow("plan", "specs/hello.yaml") == Done(
        3, "", f"{error} 'specs/hello.yaml'\nhelp: there is no folder 'specs' either\n"
    )
    (project.folder / "text.json").write_text("{}")
    project.edit("hello.yaml", "output: Text", "output: {$ref: ./txet.json}")
    done = project.agentflow("validate", "hello.yaml")
    assert f"{advice} 'text.json'?\n" in done.out


def test_a_run_starts_from_a_file(project: Project) -> None:
    assert project.agentflow("run", "-") == Done(
        2,
        "",
        "error: a run starts from a file\n"
        "help: files and modules that a spec names are found from where it is\n",
    )


def test_a_folder_without_specs(project: Project) -> None:
    (project.folder / "empty").mkdir()
    assert project.agentflow("validate", "hello.yaml", "empty") == Done(
        2,
        "no problems in 1 file\n",
        "error: there are no specs in the folder 'empty'\n"
        "help: a spec is a file that ends in .yaml or .yml and has a line 'agentflow: 1'\n",
    )


REFERENCES = {
    "../outside.json": "'../outside.json' is outside the project '{root}'",
    "/etc/passwd": "'/etc/passwd' is an absolute path",
    r"text\0.json": "a path cannot hold a zero byte",
    "nowhere.json": "there is no file 'nowhere.json'",
    "link.json": "'link.json' is outside the project '{root}'",
    "pipe.json": "'pipe.json' is not a regular file",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_references_that_lead_out_of_the_project(project: Project, reference: str) -> None:
    outside = project.folder.parent / "outside.json"
    outside.write_text('{"type": "string"}')
    (project.folder / "link.json").symlink_to(outside)
    os.mkfifo(project.folder / "pipe.json")
    project.edit("hello.yaml", "output: Text", f'output: {{$ref: "{reference}"}}')
    message = REFERENCES[reference].format(root=project.folder)
    assert project.errors("hello.yaml") == [(29, message)]


def test_a_spec_outside_any_project_is_its_own_root(project: Project) -> None:
    folder = project.folder / "alone"
    folder.mkdir()
    (project.folder / "agentflow.toml").unlink()
    text = (PIPELINES / "hello.yaml").read_text()
    (folder / "hello.yaml").write_text(text.replace("output: Text", "output: {$ref: ../text.json}"))
    message = f"'../text.json' is outside the project '{folder}'"
    assert project.errors("alone/hello.yaml") == [(29, message)]


# --- inputs ----------------------------------------------------------------------------------


def test_inputs_from_a_pipe_that_has_a_name(project: Project) -> None:
    os.mkfifo(project.folder / "pipe.json")
    assert project.agentflow("run", "hello.yaml", "--inputs", "pipe.json") == Done(
        3,
        "",
        "error: 'pipe.json' is not a regular file\n"
        "help: what another command prints is read from stdin: '--inputs -'\n",
    )


INPUTS = {
    "": "missing 'name'",
    "nmae=Ada": "missing 'name'; unexpected 'nmae', did you mean 'name'?",
    f"name={'a' * 21}": "name: expected at most 20 characters, found 21 characters",
    "name=Ada times=often": 'times: expected integer, found string "often"',
}


@pytest.mark.parametrize("inputs", INPUTS)
def test_inputs_that_break_the_contract(project: Project, inputs: str) -> None:
    done = project.agentflow("run", "hello.yaml", *(f"-i{pair}" for pair in inputs.split()))
    assert done == Done(
        2,
        "",
        f"error: the inputs break the pipeline's contract: {INPUTS[inputs]}\n"
        "help: give inputs with '--input NAME=VALUE' or '--inputs FILE'\n",
    )
    assert not (project.folder / ".agentflow").exists()


OPTIONS = {
    "name": "error: '--input name' has no value\nhelp: write '--input name=VALUE'\n",
    "=Ada": "error: '--input =Ada' has no value\nhelp: write '--input NAME=VALUE'\n",
}


@pytest.mark.parametrize("option", OPTIONS)
def test_inputs_without_name_or_value(project: Project, option: str) -> None:
    done = project.agentflow("run", "hello.yaml", "--input", option)
    assert done == Done(2, "", OPTIONS[option])


FILES = {
    "name: [Ada": "1:7: '[' is not closed: expected ',' or ']', found the end of the line",
    "- Ada": "1:1: the file holds a list, expected keys and values",
    "": "1:1: the file is empty",
    '{"name": "Ada", "name": "Bob"}': "1:17: 'name' is here twice",
}


@pytest.mark.parametrize("content", FILES)
def test_input_files_that_hold_no_inputs(project: Project, content: str) -> None:
    project.write("inputs.yaml", content)
    done = project.agentflow("run", "hello.yaml", "--inputs", "inputs.yaml")
    assert done == Done(2, "", f"error: inputs.yaml:{FILES[content]}\n{FILE_HELP}")


def test_an_input_file_that_is_not_there(project: Project) -> None:
    done = project.agentflow("run", "hello.yaml", "--inputs", "inputs.yaml")
    assert done == Done(3, "", "error: there is no file 'inputs.yaml'\n")


# --- runs ------------------------------------------------------------------------------------

RUNS = ("20261120-133000-4f2a91", "20261120-133000-b00000", "20261121-090000-123456")
NO_RUNS = {
    "20261120-133000-4f2a19": "there is no run '20261120-133000-4f2a19' in 'STORE'\n"
    "help: did you mean '20261120-133000-4f2a91'?\n",
    "20261121-0910": "there is no run '20261121-0910' in 'STORE'\n"
    "help: did you mean '20261121-090000-123456'?\n",
    "nothing-like-it": "there is no run 'nothing-like-it' in 'STORE'\n"
    "help: the newest are '20261121-090000-123456', '20261120-133000-b00000', "
    "'20261120-133000-4f2a91'\n",
    "20261120": "'20261120' is the beginning of 2 run ids in 'STORE'\n"
    "help: one of '20261120-133000-b00000', '20261120-133000-4f2a91'\n",
    "../runs": "'../runs' is not a run id\n"
    "help: a run id is 1 to 64 of a-z, 0-9 and '-', and does not begin with '-'\n",
}


@pytest.mark.parametrize("run_id", NO_RUNS)
def test_names_that_no_run_has(project: Project, run_id: str) -> None:
    store = Store(project.folder / ".agentflow")
    for each in RUNS:
        store.create(each).close()
    said = NO_RUNS[run_id].replace("STORE", str(store.root))
    assert project.agentflow("show", run_id) == Done(2, "", f"error: {said}")


@pytest.mark.parametrize("command", ["show", "replay", "resume"])
def test_no_runs_at_all(project: Project, command: str) -> None:
    assert project.agentflow(command, "x") == Done(
        2,
        "",
        f"error: there is no run 'x' in '{project.folder}/.agentflow'\n"
        "help: there are no runs in it; another store is named with --store\n",
    )
    assert not (project.folder / ".agentflow").exists()


@pytest.mark.parametrize("command", ["show", "replay", "resume"])
def test_a_run_that_is_in_a_store_nearby(project: Project, command: str) -> None:
    project.agentflow("run", "hello.yaml", "-i", "name=Ada")
    (run_id,) = project.run_ids()
    inside = project.folder / "inside"
    inside.mkdir()
    (inside / "agentflow.toml").touch()
    done = inprocess.agentflow(command, run_id[:-2], folder=inside)
    assert done == Done(
        2,
        "",
        f"error: there is no run '{run_id[:-2]}' in '{inside}/.agentflow'\n"
        f"help: run '{run_id}' is in '{project.folder}/.agentflow': "
        f"add --store {project.folder}/.agentflow\n",
    )


@pytest.mark.parametrize("option", ["--by", "--reason"])
def test_words_that_are_not_utf_8(project: Project, option: str) -> None:
    command = ("cancel", "no-run", option, "k\udcffim")
    done = inprocess.agentflow(*command, folder=project.folder)
    assert done == Done(2, "", f"error: '{option}' is not UTF-8 text\n")


def test_a_run_that_never_began(project: Project) -> None:
    Store(project.folder / ".agentflow").create("empty").close()
    for command in ("show", "replay", "resume"):
        assert project.agentflow(command, "empty") == Done(
            3,
            "",
            "error: run 'empty' ended before its first entry was written\n"
            "help: nothing of it was done; run the spec again, and remove this: agentflow cancel empty\n",
        )
    found = project.agentflow("doctor").out
    assert "its process was killed before its first entry, and nothing of it was done" in found
    assert "remove it: agentflow cancel empty" in found
    removed = inprocess.agentflow("cancel", "empty", folder=project.folder)
    assert removed == Done(0, "run empty had not begun; it is removed\n", "")
    Store(project.folder / ".agentflow").create("other").close()
    removed = inprocess.agentflow("cancel", "other", "--json", folder=project.folder)
    value = valid(removed.out, "cancel.v1.schema.json")
    assert (removed.code, value["run"], value["status"]) == (0, "other", "cancelled")
    assert project.run_ids() == []


def test_a_run_that_was_killed_as_it_was_made(project: Project) -> None:
    store = Store(project.folder / ".agentflow")
    runs = store.root / "runs"
    for name in ("old", "young", "held"):
        (runs / f".new-{name}" / "blobs").mkdir(parents=True, mode=0o700)
    runs.chmod(0o700)
    store.root.chmod(0o700)
    held = lock.acquire(runs / ".new-held", "held")
    try:
        for name in ("old", "held"):
            os.utime(runs / f".new-{name}", (0, 0))
        done = inprocess.agentflow("doctor", folder=project.folder)
        told = "1 run whose process was killed as it was made: the next run removes what is left"
        assert told in done.out
        store.create("next").close()
    finally:
        held.release()
    assert sorted(place.name for place in runs.iterdir()) == [".new-held", ".new-young", "next"]


# --- stores ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".agentflow", ".agentflow/runs"])
@pytest.mark.parametrize("command", ["run hello.yaml -i name=Ada", "runs"])
def test_a_file_in_the_place_of_the_store(project: Project, command: str, place: str) -> None:
    (project.folder / place).parent.mkdir(exist_ok=True)
    project.write(place, "precious")
    done = project.agentflow(*command.split())
    assert done == Done(3, "", f"error: '{project.folder / place}' is not a folder\n")
    assert (project.folder / place).read_text() == "precious"


def test_a_store_that_cannot_be_made(project: Project) -> None:
    done = project.agentflow("run", "hello.yaml", "-i", "name=Ada", "--store", "no/such/folder")
    assert done == Done(
        3,
        "",
        f"error: cannot make '{project.folder}/no/such/folder':"
        f" '{project.folder}/no/such' is no folder\n"
        "help: name another store with '--store', then try again\n",
    )


def test_a_store_where_no_folder_can_be_made(project: Project) -> None:
    done = inprocess.agentflow(
        "run", "hello.yaml", "-i", "name=Ada", "--store", "/proc/x", folder=project.folder
    )
    assert done == Done(
        3,
        "",
        "error: cannot make '/proc/x': '/proc' takes no new entries\n"
        "help: name another store with '--store', then try again\n",
    )
