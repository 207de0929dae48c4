"""`agentflow test`: the tests of specs, their exit codes and formats, and what is left behind."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema

from tests.formats.test_findings_elsewhere import PUBLISHED
from tests.formats.test_run import valid

from .shell import Done, Project

SPEC = """\
agentflow: 1
name: letters
inputs:
  type: object
  additionalProperties: false
  required: [text]
  properties: {text: {type: string}}
agents:
  sorter:
    kind: command
    argv: [sh, -c, "echo called >> calls; echo 1"]
    effects: none
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: object, required: [kind], properties: {kind: {enum: [question, praise]}}}
steps:
  sort: {agent: sorter, with: {text: "${{ inputs.text }}"}}
outputs: {kind: "${{ steps.sort.output.kind }}"}
tests:
  a_question:
    inputs: {text: Where is it?}
    answers: {sort: {value: {kind: question}}}
    expect: {outputs: {kind: question}}
  praise:
    inputs: {text: "Thank you! \\e]0;owned\\a"}
    answers: {sort: {value: {kind: praise}}}
    expect: {outputs: {kind: question}}
"""


@pytest.fixture
def letters(project: Project) -> Project:
    project.write("letters.yaml", SPEC)
    return project


def test_a_line_for_each_test_and_why_one_failed(letters: Project) -> None:
    before = letters.files()
    assert letters.agentflow("test", "letters.yaml") == Done(
        1,
        "letters.yaml\n"
        "  ✓ a_question  1 call in 1.0s\n"
        "  ✗ praise      1 call in 1.0s\n"
        '      outputs.kind: expected "question", found "praise"\n'
        "        ✓ sort  sorter  1.0s\n"
        "        succeeded in 1.0s of simulated time · 1 call\n"
        "1 of 2 tests failed\n",
        "",
    )
    assert letters.files() == before
    assert not (letters.folder / ".agentflow").exists()


def test_a_name_or_a_pattern_chooses(letters: Project) -> None:
    assert letters.agentflow("test", "letters.yaml", "--filter", "a_*") == Done(
        0, "letters.yaml\n  ✓ a_question  1 call in 1.0s\n1 test passed\n", ""
    )
    assert letters.agentflow("test", "letters.yaml", "--filter", "prise") == Done(
        2, "", "error: there is no test 'prise', did you mean 'praise'?\n"
    )


def test_specs_without_tests_are_passed_over_unless_there_are_no_others(letters: Project) -> None:
    assert letters.agentflow("test", "hello.yaml") == Done(
        2,
        "",
        "error: there are no tests in hello.yaml\nhelp: a pipeline has its tests under 'tests'\n",
    )
    done = letters.agentflow("test", "hello.yaml", "letters.yaml", "--filter", "a_question")
    assert (done.code, done.out.splitlines()[0]) == (0, "letters.yaml")


def test_a_spec_with_errors_hides_no_other(letters: Project) -> None:
    letters.write("bad.yaml", SPEC.replace("agent: sorter", "agent: sorted"))
    done = letters.agentflow("test", "bad.yaml", "letters.yaml", "--filter", "a_question")
    assert done.code == 1
    assert done.out == (
        "bad.yaml\n"
        "  ✗ 'bad.yaml' has an error and cannot run\n"
        "letters.yaml\n"
        "  ✓ a_question  1 call in 1.0s\n"
        "1 test passed, 1 spec could not be tested\n"
    )
    assert "unknown agent 'sorted'" in done.err
    missing = letters.agentflow("test", "nothing.yaml", "letters.yaml", "--filter", "a_question")
    assert (missing.code, missing.out.count("passed")) == (3, 1)


def test_json_keeps_its_schema(letters: Project) -> None:
    done = letters.agentflow("test", "letters.yaml", "--format", "json")
    value: Any = valid(done.out, "test.v1.schema.json")
    assert value["summary"] == {"passed": 1, "failed": 1, "broken": 0}
    (spec,) = value["specs"]
    assert [test["passed"] for test in spec["tests"]] == [True, False]
    assert spec["tests"][1]["differences"] == [
        {"where": "outputs.kind", "expected": '"question"', "found": '"praise"'}
    ]
    with_traces = letters.agentflow("test", "letters.yaml", "--format", "json", "--trace")
    (spec,) = valid(with_traces.out, "test.v1.schema.json")["specs"]
    trace = json.dumps(spec["tests"][0]["trace"])
    assert valid(trace, "trace.v1.schema.json")["status"] == "succeeded"


def junit(done: Done) -> ElementTree.Element:
    """What was printed as JUnit's XML, which has to keep the schema of Jenkins' xUnit plugin."""
    xmlschema.XMLSchema(PUBLISHED / "junit-10.xsd").validate(done.out)
    return ElementTree.fromstring(done.out)


def test_junit_is_what_ci_systems_read(letters: Project) -> None:
    letters.edit("letters.yaml", 'argv: [sh, -c, "echo called >> calls; echo 1"]', 'argv: ["]]>"]')
    root = junit(letters.agentflow("test", "letters.yaml", "hello.yaml", "--format", "junit"))
    assert (root.tag, root.attrib) == (
        "testsuites",
        {"name": "agentflow", "tests": "2", "failures": "1", "errors": "0"},
    )
    (suite,) = root
    assert suite.attrib == {
        "name": "letters.yaml",
        "tests": "2",
        "failures": "1",
        "errors": "0",
    }
    good, bad = suite
    assert (good.attrib, list(good)) == (
        {"name": "a_question", "classname": "letters"},
        [],
    )
    failure, out = bad
    assert (failure.tag, failure.attrib) == (
        "failure",
        {"type": "difference", "message": 'outputs.kind: expected "question", found "praise"'},
    )
    assert out.tag == "system-out"
    assert re.search(r"^ok +sort", out.text or "", re.MULTILINE)


def test_a_spec_that_cannot_be_tested_is_an_error_in_junit(letters: Project) -> None:
    letters.write("bad.yaml", SPEC.replace("agent: sorter", "agent: sorted"))
    done = letters.agentflow("test", "bad.yaml", "--format", "junit")
    (suite,) = junit(done)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "1")
    ((error,),) = suite
    assert error.attrib == {"type": "spec", "message": "'bad.yaml' has an error and cannot run"}


def test_a_trace_can_be_had_of_every_test(letters: Project) -> None:
    done = letters.agentflow("test", "letters.yaml", "--filter", "a_question", "--trace")
    assert "✓ sort  sorter  1.0s" in done.out
    ((suite,),) = [junit(letters.agentflow("test", "letters.yaml", "-f", "junit", "--trace"))]
    assert [len(case.findall("system-out")) for case in suite] == [1, 1]


def test_nothing_is_called_and_the_same_is_said_again(letters: Project) -> None:
    first, second = (letters.agentflow("test", "letters.yaml", "-f", "json") for _ in "12")
    assert first == second
    assert not (letters.folder / "calls").exists()
