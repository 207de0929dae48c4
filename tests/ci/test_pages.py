"""The files that the page about CI shows, run as far as they are ours."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cli.checking import GOOD, UNKNOWN_AGENT
from tests.docs.pages import Block, all_blocks
from tests.formats.test_findings_elsewhere import PUBLISHED

from .runner import ROOT, run

TESTED = GOOD + "tests:\n  all_is_well: {answers: {write: {value: x}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "good.yaml").write_text(TESTED)
    return tmp_path


def shown(word: str) -> list[Block]:
    """The blocks of the page that are files of some system."""
    return [block for block in all_blocks("yaml") if block.words == (word,)]


def loaded(word: str) -> Any:
    (block,) = shown(word)
    return yaml.safe_load(block.text)


def script(job: str) -> str:
    lines: list[str] = loaded("gitlab")[job]["script"]
    return "\n".join(lines)


def test_gitlab_with_nothing_to_find(folder: Path) -> None:
    done = run(script("validate specs"), folder)
    assert (done.code, done.out) == (0, "no problems in 1 file\n")
    report = loaded("gitlab")["validate specs"]["artifacts"]["reports"]["codequality"]
    assert json.loads((folder / report).read_text("utf-8")) == []


def test_gitlab_with_an_error(folder: Path) -> None:
    (folder / "specs" / "bad.yaml").write_text(UNKNOWN_AGENT)
    assert run(script("validate specs"), folder).code == 1
    report = loaded("gitlab")["validate specs"]["artifacts"]["reports"]["codequality"]
    issues = json.loads((folder / report).read_text("utf-8"))
    schema = json.loads((PUBLISHED / "gitlab-code-quality.schema.json").read_text("utf-8"))
    jsonschema.validate(issues, schema)
    assert [issue["check_name"] for issue in issues] == ["unknown-agent"]


def test_tests_on_gitlab(folder: Path) -> None:
    assert run(script("test specs"), folder).code == 0
    report = loaded("gitlab")["test specs"]["artifacts"]["reports"]["junit"]
    judge = pytest.importorskip("xmlschema").XMLSchema(PUBLISHED / "junit-10.xsd")
    judge.validate(folder / report)


def test_the_workflow_gives_the_action_what_it_takes() -> None:
    (step,) = (s for s in loaded("github")["jobs"]["validate"]["steps"] if "with" in s)
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert step["with"].keys() <= action["inputs"].keys()


HOOKS: Any = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


def hook(name: str, folder: Path, *files: str) -> tuple[int, str]:
    """Run a hook as pre-commit does: its entry, and the files that have changed behind it."""
    (found,) = (each for each in HOOKS if each["id"] == name)
    done = run(" ".join([found["entry"], *files]), folder)
    assert done.err in ("", "note: fixed 1 problem in 1 file\n")
    return done.code, done.out.splitlines()[-1]


def test_hooks_of_pre_commit(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services: {}\n")
    (folder / "bad.yaml").write_text(UNKNOWN_AGENT)
    assert hook("agentflow-validate", folder, "compose.yaml") == (0, "no problems in 0 files")
    files = ("compose.yaml", "specs/good.yaml", "bad.yaml")
    assert hook("agentflow-validate", folder, *files) == (
        1,
        "fixes to try: 1 with 'validate --fix'",
    )
    # pre-commit sees that the file has changed, and fails.
    assert hook("agentflow-fix", folder, *files) == (0, "no problems in 2 files")
    assert (folder / "bad.yaml").read_text("utf-8") == GOOD


def test_the_page_names_hooks_that_exist() -> None:
    names = {each["id"] for each in HOOKS}
    assert len(shown("pre-commit")) == 2
    for block in shown("pre-commit"):
        (repo,) = yaml.safe_load(block.text)["repos"]
        assert {each["id"] for each in repo["hooks"]} <= names
    assert {(each["language"], *each["types"]) for each in HOOKS} == {("python", "yaml")}
