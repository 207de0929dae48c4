"""Contracts that name Python classes, from validate to resume: what imports, and what never
does."""

import json
from pathlib import Path

import pytest

import agentflow
from agentflow.errors import UsageError

from .shell import Done, Project
from .test_crashes import crash

MODELS = """\
print("imported")
open("imports", "a").write("x")
from typing import Literal
from pydantic import BaseModel

class Letter(BaseModel):
    name: str
    after: str = ""

class Answer(BaseModel):
    text: str
    kind: Literal["question", "praise"]
"""
WRITER = """\
from desk import note

def write(**given: str) -> dict[str, str]:
    return {**note(**given), "kind": "praise"}
"""
SPEC = """\
agentflow: 1
name: post
inputs: {python: "models:Letter"}
contracts:
  Answer: {python: "models:Answer"}
agents:
  writer:
    kind: python
    call: writer:write
    effects: read
    timeout: 5m
    input: {python: "models:Letter"}
    output: {$ref: "#/contracts/Answer"}
steps:
  first: {agent: writer, with: {name: "${{ inputs.name }}"}}
  second: {agent: writer, with: {name: second, after: "${{ steps.first.output.text }}"}}
  sort:
    switch: "${{ steps.first.output.kind }}"
    cases: {question: {output: {sort: "?"}}, praise: {output: {sort: "!"}}}
outputs: {text: "${{ steps.second.output.text }}", sort: "${{ steps.sort.output.sort }}"}
"""
RUN = ("run", "post.yaml", "-i", "name=first")
OUTPUTS = {"text": "first second ", "sort": "!"}


@pytest.fixture
def post(project: Project) -> Project:
    """A project whose pipeline has all its contracts from Python."""
    project.write("models.py", MODELS)
    project.write("writer.py", WRITER)
    project.write("post.yaml", SPEC)
    return project


def imports(project: Project) -> int:
    """How often the module was imported."""
    path = project.folder / "imports"
    return len(path.read_text()) if path.exists() else 0


def without_module(project: Project) -> None:
    (project.folder / "models.py").unlink()


# --- validate ---------------------------------------------------------------------------------


def test_validate_imports_nothing(post: Project) -> None:
    note = "note: 3 contracts from Python were not looked at; '--allow-imports' imports their modules\n"
    assert post.agentflow("validate", "post.yaml") == Done(0, "no problems in 1 file\n", note)
    done = post.agentflow("validate", "post.yaml", "--format", "json")
    assert (done.code, json.loads(done.out)["findings"], done.err) == (0, [], "")
    assert imports(post) == 0


def test_validate_imports_if_it_may(post: Project) -> None:
    done = post.agentflow("validate", "--allow-imports", "post.yaml")
    assert done == Done(0, "no problems in 1 file\n")
    assert imports(post) == 1  # all classes of a spec in one process

    post.edit("post.yaml", "cases: {question:", "cases: {complaint:")
    assert post.agentflow("validate", "post.yaml").code == 0
    done = post.agentflow("validate", "--allow-imports", "post.yaml", "--format", "json")
    findings = {found["rule"]: found["message"] for found in json.loads(done.out)["findings"]}
    assert findings["switch-not-exhaustive"] == "no case for 'question', and no 'default'"


def test_what_is_wrong_is_found_where_the_class_is_named(post: Project) -> None:
    post.edit("post.yaml", 'Answer: {python: "models:Answer"}', 'Answer: {python: "models:Anser"}')
    done = post.agentflow("validate", "--allow-imports", "post.yaml")
    assert done == Done(
        1,
        "error[invalid-contract]: module 'models' has no class 'Anser', did you mean 'Answer'?\n"
        " --> post.yaml:5:20\n"
        "  |\n"
        '5 |   Answer: {python: "models:Anser"}\n'
        "  |                    ^^^^^^^^^^^^^^\n\n"
        "1 error in 1 file\n",
    )
    assert post.agentflow(*RUN).code == 1
    assert post.run_ids() == []


def test_a_schema_that_no_contract_can_be(post: Project) -> None:
    post.edit("models.py", "BaseModel\n\nclass L", "BaseModel, Field\n\nclass L")
    post.edit("models.py", "text: str\n", 'text: str = Field(json_schema_extra={"pattern": "("})\n')
    done = post.agentflow("validate", "--allow-imports", "post.yaml", "--format", "json")
    finding = json.loads(done.out)["findings"][0]
    assert finding["rule"] == "invalid-contract"
    assert finding["message"] == (
        "the schema of 'models:Answer' cannot be used: '(' is not a regular expression"
    )
    assert (finding["location"]["line"], finding["location"]["column"]) == (5, 11)


def test_a_program_has_to_ask_for_imports_too(post: Project) -> None:
    spec = agentflow.load(post.folder / "post.yaml")
    with pytest.raises(UsageError, match="has contracts from Python that were not looked at"):
        agentflow.run(spec, {"name": "first"}, agentflow.Store(post.folder / "store"))
    assert agentflow.load(post.folder / "post.yaml", imports=True).unseen == 0


# --- a run, and what is made of it afterwards
# -------------------------------------------------------


@pytest.mark.parametrize("simulate", [(), ("--simulate",)])
def test_a_run_needs_no_module_any_more(post: Project, simulate: tuple[str, ...]) -> None:
    ran = post.json(*RUN, *simulate)
    assert ran["status"] == "succeeded"
    assert imports(post) == 1
    without_module(post)
    assert post.json("show", ran["run"])["status"] == "succeeded"
    replayed = post.agentflow("replay", ran["run"], "--quiet")
    assert (replayed.code, replayed.err) == (0, "")
    assert replayed.out.endswith("all the same\n")
    done = post.agentflow("replay", ran["run"], "--quiet", "--spec", "post.yaml")
    assert done == replayed


def test_inputs_and_answers_are_held_against_the_classes(post: Project) -> None:
    assert post.agentflow("run", "post.yaml", "-i", "after=x").err == (
        "error: the inputs break the pipeline's contract: missing 'name'\n"
        "help: give inputs with '--input NAME=VALUE' or '--inputs FILE'\n"
    )
    # Of another length: Python takes a file of the same second and length for the one it has
    # compiled.
    post.edit("models.py", "    text: str", "    text: int | None")
    post.edit(
        "post.yaml",
        'with: {name: second, after: "${{ steps.first.output.text }}"}',
        "with: {name: second}",
    )
    done = post.json(*RUN, code=1)
    assert done["status"] == "failed"


def test_a_replay_by_a_spec_with_another_class(post: Project) -> None:
    run_id = post.json(*RUN)["run"]
    post.edit("post.yaml", 'Answer: {python: "models:Answer"}', 'Answer: {python: "models:Other"}')
    done = post.agentflow("replay", run_id, "--spec", "post.yaml")
    assert done.code == 1
    assert "error[invalid-contract]: the run did not record a class 'models:Other'\n" in done.err


@pytest.fixture
def crashed(post: Project) -> str:
    """A run that died while `second` was being called."""
    post.hold("second")
    run_id = crash(post, "second", *RUN)
    post.release("second")
    return run_id


def test_resume(post: Project, crashed: str) -> None:
    assert post.json("resume", crashed)["outputs"] == OUTPUTS
    assert imports(post) == 2


def refused(run_id: str, why: str) -> Done:
    return Done(
        2,
        "",
        f"error: the spec of run '{run_id}' is not what it was: {why}\n"
        "help: '--as-started' goes on with the spec as the run recorded it\n",
    )


def test_resume_refuses_a_changed_class(post: Project, crashed: str) -> None:
    post.edit("models.py", "    text: str", "    text: str\n    more: int = 0")
    why = "the schema of 'models:Answer' has changed"
    assert post.agentflow("resume", crashed) == refused(crashed, why)
    before = imports(post)
    assert post.json("resume", crashed, "--as-started")["status"] == "succeeded"
    assert imports(post) == before


def test_resume_refuses_a_class_that_is_gone(post: Project, crashed: str) -> None:
    post.edit("models.py", "class Letter(", "class Mail(")
    why = "module 'models' has no class 'Letter'"
    assert post.agentflow("resume", crashed) == refused(crashed, why)
    without_module(post)
    done = post.json("resume", crashed, "--as-started")
    assert done["outputs"] == OUTPUTS


def test_a_class_is_no_file(post: Project, tmp_path: Path) -> None:
    """What a run records of a class cannot be taken for a file of the same name."""
    post.write("python:models:Answer", '{"type": "null"}')
    post.write(
        "chat.yaml",
        "agentflow: 1\nname: chat\nmodels: {m: {model: openai/gpt-5-mini}}\n"
        'agents: {w: {kind: llm, model: m, instructions: {file: "python:models:Answer"}, '
        "input: {type: object}, output: {type: string}}}\n"
        "steps: {w: {agent: w}}\noutputs: {o: '${{ steps.w.output }}'}\n",
    )
    assert post.errors("chat.yaml") == [
        (4, "'python:models:Answer' is the name of a class, not of a file")
    ]
