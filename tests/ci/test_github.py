"""`action.yml`, its steps run as a runner of GitHub runs them."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cli.checking import GOOD, UNKNOWN_AGENT, UNUSED
from tests.formats.test_findings_elsewhere import PUBLISHED

from .runner import PROGRAMS, ROOT, Ran, filled_in, run

ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
OWN_CHECKS = ".github/workflows/check.yml"
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout, and what a runner gives to a step beside it."""
    folder = tmp_path / "checkout"
    (folder / "specs").mkdir(parents=True)
    for name, text in (("good", GOOD), ("error", UNKNOWN_AGENT), ("warning", UNUSED)):
        (folder / "specs" / f"{name}.yaml").write_text(text)
    (tmp_path / "temp" / "agentflow").mkdir(parents=True)
    (tmp_path / "temp" / "agentflow" / "bin").symlink_to(PROGRAMS)
    return folder


def step(name: str, folder: Path, **given: str) -> tuple[Ran, dict[str, str]]:
    """Run a step of the action with some inputs; gives its outputs too."""
    defaults = {key: value.get("default", "") for key, value in ACTION["inputs"].items()}
    inputs = defaults | {key.replace("_", "-"): value for key, value in given.items()}
    outputs = folder.parent / "outputs"
    outputs.touch()
    env = {
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(outputs),
        "RUNNER_TEMP": str(folder.parent / "temp"),
        **{key: filled_in(value, inputs) for key, value in STEPS[name].get("env", {}).items()},
    }
    done = run(STEPS[name]["run"], folder, shell=STEPS[name]["shell"], env=env)
    return done, dict(line.split("=", 1) for line in outputs.read_text("utf-8").splitlines())


def test_it_keeps_the_schema_of_actions() -> None:
    schema = json.loads((PUBLISHED / "github-action.schema.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(ACTION)


def test_actions_of_others_are_pinned_by_their_commits() -> None:
    texts = [(ROOT / name).read_text("utf-8") for name in ("action.yml", OWN_CHECKS)]
    used = re.findall(r"uses: (\S+)", "".join(texts))
    assert len(used) == 4
    assert [each for each in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each)] == []


def test_our_own_checks_are_those_of_ci() -> None:
    jobs = yaml.safe_load((ROOT / OWN_CHECKS).read_text("utf-8"))["jobs"]
    assert [step["run"] for step in jobs["check"]["steps"] if "run" in step] == [".ci/run"]


def test_no_script_has_an_expression_in_it() -> None:
    assert all("${{" not in each["run"] for each in STEPS.values())


def test_findings_become_annotations(folder: Path) -> None:
    done, outputs = step("validate", folder, paths="specs/*.yaml")
    assert (done.code, done.err) == (1, "")
    assert outputs == {"exit-code": "1", "sarif": "false"}
    error, warning, summary = done.out.splitlines()
    assert error == (
        "::error file=specs/error.yaml,line=11,col=18,endColumn=22,"
        "title=agentflow unknown-agent::unknown agent 'wrter'%0Ahelp: did you mean 'writer'?"
    )
    assert warning.startswith("::warning file=specs/warning.yaml,line=4,")
    assert summary == "1 error, 1 warning in 2 files"


def test_options_and_paths_come_one_a_line(folder: Path) -> None:
    done, outputs = step(
        "validate",
        folder,
        paths="specs/good.yaml\n\nspecs/warning.yaml\n",
        options="--strict\n--select\nreference",
    )
    assert (done.code, outputs["exit-code"]) == (1, "1")
    assert done.out.endswith("\n1 warning in 1 file\n")


def test_space_around_a_line_is_no_part_of_it_and_an_option_has_its_value_with_it(
    folder: Path,
) -> None:
    done, outputs = step(
        "validate", folder, paths="  specs/warning.yaml\t\n", options=" --fail-on=warning "
    )
    assert (done.code, done.err, outputs["exit-code"]) == (1, "", "1")
    assert done.out.endswith("\n1 warning in 1 file\n")


def test_nothing_found(folder: Path) -> None:
    done, outputs = step("validate", folder, paths="specs/good.yaml")
    assert done == Ran(0, "no problems in 1 file\n", "")
    assert outputs == {"exit-code": "0", "sarif": "false"}


def test_what_is_given_is_no_part_of_the_script(folder: Path) -> None:
    done, outputs = step("validate", folder, paths='$(touch sprung)"; touch sprung; #')
    assert (done.code, outputs["exit-code"]) == (3, "3")
    assert not (folder / "sprung").exists()


def test_a_report_for_code_scanning(folder: Path) -> None:
    done, outputs = step("validate", folder, paths="specs", sarif_file="found.sarif")
    assert (done.code, done.err, outputs["sarif"]) == (1, "", "true")
    log = json.loads((folder / "found.sarif").read_text("utf-8"))
    found = [result["ruleId"] for result in log["runs"][0]["results"]]
    assert found == ["unknown-agent", "unused-definition"]


def test_a_file_that_is_not_there_is_in_the_report(folder: Path) -> None:
    done, outputs = step("validate", folder, paths="none.yaml", sarif_file="found.sarif")
    assert (done.code, outputs) == (3, {"exit-code": "3", "sarif": "true"})
    assert done.err == "error: there is no file 'none.yaml'\n"
    (ran,) = json.loads((folder / "found.sarif").read_text("utf-8"))["runs"]
    assert ran["invocations"] == [{"executionSuccessful": False}]
    assert [result["ruleId"] for result in ran["results"]] == ["unreadable-file"]


@pytest.mark.parametrize("options", ["--selct=cycle", "--diff", "--format=json", "-f\njson"])
def test_where_the_call_makes_no_sense_nothing_is_uploaded(folder: Path, options: str) -> None:
    (folder / "found.sarif").write_text("from before")
    done, outputs = step(
        "validate", folder, paths="specs", options=options, sarif_file="found.sarif"
    )
    assert (done.code, done.out) == (2, "")
    assert outputs == {"exit-code": "2", "sarif": "false"}
    (upload,) = (each for each in ACTION["runs"]["steps"] if "upload-sarif" in each.get("uses", ""))
    assert upload["if"] == (
        "${{ always() && inputs.upload-sarif == 'true' && steps.validate.outputs.sarif == 'true' }}"
    )


def test_what_is_installed_is_what_is_locked(folder: Path) -> None:
    """With a Python that only writes down what it is asked for."""
    python = folder.parent / "programs" / "python"
    python.parent.mkdir()
    python.write_text(
        '#!/bin/sh\necho "$@" >> "$RUNNER_TEMP/asked"\n'
        'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    temp = folder.parent / "fresh"
    temp.mkdir()
    done = run(
        STEPS["install"]["run"],
        folder,
        shell="bash",
        env={
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "RUNNER_TEMP": str(temp),
            "GITHUB_ACTION_PATH": str(ROOT),
        },
    )
    assert done == Ran(0, "", "")
    pip = "-m pip install --quiet --disable-pip-version-check"
    assert (temp / "asked").read_text("utf-8").splitlines() == [
        f"-m venv {temp}/agentflow",
        f"{pip} --require-hashes -r {ROOT}/requirements.lock",
        f"{pip} --no-deps {ROOT}",
    ]
