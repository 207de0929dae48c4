"""`agentflow drill`: what it prints and writes, its exit codes and formats, and `validate
--drilled`."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema

from tests.formats.test_findings_elsewhere import PUBLISHED
from tests.formats.test_run import valid

from .shell import Done, Project

GOOD = """\
agentflow: 1
name: letters
inputs:
  type: object
  additionalProperties: false
  required: [text]
  properties: {text: {type: string, maxLength: 400}}
agents:
  sorter:
    kind: command
    argv: [sh, -c, "echo called >> calls; echo 1"]
    effects: none
    timeout: 20s
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: string, maxLength: 8}
steps:
  sort:
    agent: sorter
    with: {text: "${{ inputs.text }}"}
    catch: {timeout: skip, any: {use: unknown}}
outputs: {kind: '${{ default(steps.sort.output, "none") }}'}
"""
#: What is before the colon may be too long.
BAD = GOOD.replace("{use: unknown}", """{use: '${{ inputs.text.split(":")[0] }}'}""")


@pytest.fixture
def letters(project: Project) -> Project:
    project.write("letters.yaml", GOOD)
    return project


def drilled(project: Project, *arguments: str) -> Done:
    return project.agentflow("validate", "--drilled", *arguments, "letters.yaml")


def test_what_holds_is_said_and_a_receipt_is_all_that_is_left(letters: Project) -> None:
    before = letters.files()
    assert letters.agentflow("drill", "letters.yaml") == Done(
        0,
        "letters.yaml\n"
        "  ✓ sort  catch: timeout, any\n"
        "2 claims hold · 3 runs · letters.drill.json was written\n",
        "",
    )
    assert letters.files() - before == {"letters.drill.json"}
    text = (letters.folder / "letters.drill.json").read_text("utf-8")
    receipt = valid(text, "receipt.v1.schema.json")
    assert receipt["steps"]["sort"]["claims"] == {"catch.timeout": "held", "catch.any": "held"}
    again = letters.agentflow("drill", "letters.yaml")
    assert again.out.endswith("letters.drill.json is as it was\n")
    assert (letters.folder / "letters.drill.json").read_text("utf-8") == text


def test_what_does_not_hold_is_shown_with_the_run_that_shows_it(letters: Project) -> None:
    letters.write("letters.yaml", BAD)
    done = letters.agentflow("drill", "letters.yaml")
    broken = "'catch.any.use' breaks the output contract: expected at most 8 characters, found "
    assert (done.code, done.err) == (1, "")
    first, held, failed, how, run, *trace, last = done.out.splitlines()
    assert (first, held) == ("letters.yaml", "  ✓ sort  catch: timeout")
    assert failed == "  ✗ sort  catch.any ended elsewhere (letters.yaml:20:28)"
    assert how.startswith(f"      {broken}")
    assert run == "      run 3: seed 0; 'sort' fails as not_sent"
    assert trace[0] == "        ✗ sort  sorter  1.0s"
    assert last == "1 of 2 claims does not hold · 3 runs · letters.drill.json was written"


def test_check_writes_nothing_and_tells_whether_the_receipt_is_right(letters: Project) -> None:
    missing = letters.agentflow("drill", "--check", "letters.yaml")
    assert missing.code == 1
    assert missing.out.splitlines()[-1] == (
        "2 claims hold · 3 runs ·"
        " there is no letters.drill.json: 'agentflow drill letters.yaml' writes it"
    )
    report = letters.agentflow("drill", "--check", "letters.yaml", "--format", "junit").out
    assert "there is no letters.drill.json: " in report
    assert not (letters.folder / "letters.drill.json").exists()
    letters.agentflow("drill", "letters.yaml")
    assert letters.agentflow("drill", "--check", "letters.yaml").code == 0
    letters.edit("letters.yaml", "timeout: 20s", "timeout: 30s")
    stale = letters.agentflow("drill", "--check", "letters.yaml")
    assert stale.code == 1
    assert stale.out.splitlines()[-1] == (
        "2 claims hold · 3 runs · letters.drill.json is not that of this drill:"
        " 'agentflow drill letters.yaml' writes it anew"
    )


def test_validate_is_silent_unless_it_is_asked(letters: Project) -> None:
    assert letters.agentflow("validate", "letters.yaml").code == 0
    never = drilled(letters)
    assert never.code == 1
    assert "there is no receipt of a drill, which would be 'letters.drill.json'" in never.out
    letters.agentflow("drill", "letters.yaml")
    assert drilled(letters) == Done(0, "no problems in 1 file\n", "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("timeout: 20s", "timeout: 30s", "'sort' has changed since it was drilled"),
        ("timeout: skip, ", "", "'sort' has changed since it was drilled; gone: catch.timeout"),
        (
            "timeout: skip, ",
            "timeout: skip, rejected: fail, ",
            "'sort' has changed since it was drilled; new: catch.rejected",
        ),
        (
            "maxLength: 400",
            "maxLength: 500",
            "what is around the steps has changed since they were drilled",
        ),
        (
            "steps:\n  sort:",
            "steps:\n  order:",
            "'sort' was drilled, and handles no failure any more",
        ),
    ],
    ids=["an agent", "an entry", "one more", "the inputs", "the name"],
)
def test_validate_names_what_has_changed(letters: Project, old: str, new: str, said: str) -> None:
    letters.agentflow("drill", "letters.yaml")
    letters.edit("letters.yaml", old, new)
    if "order" in new:
        letters.edit("letters.yaml", "steps.sort.", "steps.order.")
    done = drilled(letters, "--format", "json")
    findings = json.loads(done.out)["findings"]
    assert said in [each["message"] for each in findings if each["rule"] == "stale-drill"]
    assert done.code == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: letters", "name: letters  # of the shop"),
        (
            "catch: {timeout: skip, any: {use: unknown}}",
            "catch:\n      any: {use: unknown}\n      timeout: skip",
        ),
        ("    kind: command", "    description: It sorts.\n    kind: command"),
        ("steps:\n", "tests: {t: {inputs: {text: a}, answers: {sort: {value: b}}}}\nsteps:\n"),
    ],
    ids=["a comment", "layout", "a description", "a test"],
)
def test_what_does_not_matter_leaves_the_receipt_fresh(
    letters: Project, old: str, new: str
) -> None:
    letters.agentflow("drill", "letters.yaml")
    letters.edit("letters.yaml", old, new)
    assert drilled(letters, "--severity", "error").code == 0


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif", "github", "gitlab", "junit"])
def test_a_claim_that_failed_is_a_finding_in_every_format(letters: Project, form: str) -> None:
    letters.write("letters.yaml", BAD)
    letters.agentflow("drill", "letters.yaml")
    done = drilled(letters, "--format", form)
    assert done.code == 1
    assert "'sort.catch.any' ended elsewhere in the drill" in done.out.replace("&apos;", "'")


def test_the_configuration_can_ask_for_it_always(letters: Project) -> None:
    letters.write("agentflow.toml", "drilled = true\n")
    assert "there is no receipt" in letters.agentflow("validate", "letters.yaml").out
    assert letters.agentflow("validate", "--no-config", "letters.yaml").code == 0


def test_a_suppression_is_needed_only_where_it_is_asked_for(letters: Project) -> None:
    text = "name: letters  # agentflow: ignore[never-drilled] it is a sketch"
    letters.edit("letters.yaml", "name: letters", text)
    assert letters.agentflow("validate", "letters.yaml").out == "no problems in 1 file\n"
    assert drilled(letters).code == 0
    letters.agentflow("drill", "letters.yaml")
    assert "'never-drilled' finds nothing here that could be suppressed" in drilled(letters).out


def test_stdin_is_drilled_and_has_no_receipt(letters: Project) -> None:
    before = letters.files()
    done = letters.agentflow("drill", "-", stdin=GOOD.encode())
    assert (done.code, done.out.splitlines()[-1]) == (0, "2 claims hold · 3 runs")
    assert letters.files() == before
    refused = letters.agentflow("validate", "--drilled", "-", stdin=GOOD.encode())
    assert (refused.code, refused.err) == (
        2,
        "error: stdin has no receipt of a drill\nhelp: name the file\n",
    )


def test_json_keeps_its_schema(letters: Project) -> None:
    letters.write("bad.yaml", BAD)
    letters.write("wrong.yaml", GOOD.replace("agent: sorter", "agent: sorted"))
    done = letters.agentflow("drill", "letters.yaml", "bad.yaml", "wrong.yaml", "-f", "json")
    value: Any = valid(done.out, "drill.v1.schema.json")
    assert done.code == 1
    bad, good, wrong = value["specs"]
    assert [each["passed"] for each in (bad, good, wrong)] == [False, True, False]
    assert wrong["problem"] == "'wrong.yaml' has an error and cannot run"
    claim = bad["claims"][1]
    assert (claim["name"], claim["line"], claim["column"]) == ("sort.catch.any", 20, 28)
    assert (claim["path"], claim["status"]) == (["steps", "sort", "catch", "any"], "broken")
    assert bad["runs"][claim["run"] - 1]["text"] == "seed 0; 'sort' fails as not_sent"


def test_junit_has_a_case_for_each_claim(letters: Project) -> None:
    letters.write("letters.yaml", BAD)
    done = letters.agentflow("drill", "letters.yaml", "--format", "junit")
    xmlschema.XMLSchema(PUBLISHED / "junit-10.xsd").validate(done.out)
    root = ElementTree.fromstring(done.out)
    assert root.attrib == {"name": "agentflow", "tests": "2", "failures": "1", "errors": "0"}
    ((held, broken),) = root
    assert (held.get("name"), list(held)) == ("sort.catch.timeout", [])
    failure, trace = broken
    assert (failure.get("type"), failure.text) == ("broken", "seed 0; 'sort' fails as not_sent")
    assert (trace.text or "").splitlines()[1].startswith("FAIL sort  sorter")


def test_nothing_is_called(letters: Project) -> None:
    letters.agentflow("drill", "letters.yaml")
    assert not (letters.folder / "calls").exists()


def test_a_spec_that_handles_nothing_gets_no_receipt(letters: Project) -> None:
    before = letters.files()
    letters.edit("letters.yaml", "    catch: {timeout: skip, any: {use: unknown}}\n", "")
    done = letters.agentflow("drill", "letters.yaml")
    assert done == Done(0, "letters.yaml\nit claims to handle no failure\n", "")
    assert letters.files() == before
    assert drilled(letters, "--severity", "error").code == 0


def test_a_bound_on_the_runs_is_told(letters: Project) -> None:
    done = letters.agentflow("drill", "letters.yaml", "--runs", "2")
    assert done.out == (
        "letters.yaml\n"
        "  ✓ sort  catch: timeout\n"
        "  ⊘ sort  catch.any was not reached by the drill\n"
        "      the drill had made all its runs before it came to this\n"
        "2 claims, none of them broken · 1 not reached by the drill · 2 runs · "
        "letters.drill.json was written\n"
    )


def test_several_specs_are_summed_up(letters: Project) -> None:
    letters.write("bad.yaml", BAD)
    assert letters.agentflow("drill", "bad.yaml", "letters.yaml").out.endswith(
        "\n1 of 2 specs failed\n"
    )
    letters.write("other.yml", GOOD)
    assert letters.agentflow("drill", "letters.yaml", "other.yml").out.endswith(
        "\n2 specs passed\n"
    )
    assert {"letters.drill.json", "other.yml.drill.json"} <= letters.files()


def test_what_cannot_be_read_or_written_is_exit_code_3(letters: Project) -> None:
    missing = letters.agentflow("drill", "letters.yaml", "nothing.yaml")
    assert (missing.code, "2 claims hold" in missing.out) == (3, True)
    (letters.folder / "letters.drill.json").unlink()
    (letters.folder / "letters.drill.json").mkdir()
    assert letters.agentflow("drill", "letters.yaml") == Done(
        3, "", "error: 'letters.drill.json' is a folder\n"
    )
    assert "'letters.drill.json' is a folder" in drilled(letters).out


def test_a_class_is_imported_only_if_that_is_allowed(letters: Project) -> None:
    letters.write(
        "kinds.py", "from pydantic import BaseModel\n\n\nclass Kind(BaseModel):\n    kind: str\n"
    )
    letters.edit(
        "letters.yaml", "output: {type: string, maxLength: 8}", "output: {python: kinds:Kind}"
    )
    letters.edit("letters.yaml", "any: {use: unknown}", "any: {use: {kind: unknown}}")
    refused = letters.agentflow("drill", "letters.yaml")
    assert refused.code == 1
    assert refused.err == (
        "error: 'letters.yaml' has contracts from Python\n"
        "help: '--allow-imports' imports the modules of their classes\n"
    )
    assert letters.agentflow("drill", "--allow-imports", "letters.yaml").code == 0
    assert drilled(letters).code == 0
