"""Agents that cannot be called, answer nonsense or never end: each has its own message, and the
run goes on as the spec says."""

import pytest

from .shell import Done, Project

CAUGHT = {
    "no_module": "cannot import 'desk.of.nobody': ModuleNotFoundError: "
    "No module named 'desk.of'; 'desk' is not a package",
    "no_import": "cannot import 'broken': RuntimeError: not today (broken.py:1 in <module>)",
    "no_function": "module 'desk' has no function 'grete', did you mean 'greet'?",
    "other_input": "'desk:greet' does not take this input: "
    "greet() missing 1 required positional argument: 'name'",
    "raises": "ValueError: no such ticket (raising.py:6 in refuse)",
    "exits": "SystemExit: 4 (raising.py:10 in leave)",
    "not_plain": "the answer is not JSON: output.text is of type object",
    "wrong_shape": "the answer breaks its contract: missing 'text'",
    "sleeps": "no answer within 1s",
    "spins": "no answer within 1s",
    "no_program": "program 'no-such-program' not found: it is not in PATH; "
    "a path from the spec's folder has a slash in it",
    "no_json": "not JSON: a value is expected at line 1 column 1, where 'hello\\u000a' stands",
    "silent": "program 'true' printed nothing",
    "other_json": "the value breaks its contract: missing 'text' (and 1 more)",
    "endless": "program 'head' printed more than 8 MB",
    "no_paper": "program 'sh' ended with exit code 3: no paper",
    "hangs": "no answer within 1s",
}
# What a program or function prints besides is no answer, and who holds its pipes holds up nobody.
FINE = {"chatter": "the answer", "forks": "mine"}


def test_every_fault_has_its_message_and_the_run_goes_on(project: Project) -> None:
    done = project.json("run", "faults.yaml")
    project.wait_for_processes()
    assert done["outputs"] == dict.fromkeys(CAUGHT, "caught") | FINE
    steps = {step["name"]: step for step in project.json("show", done["run"])["steps"]}
    assert steps.keys() == done["outputs"].keys()
    went_on = "went on with the value of 'catch': "
    assert {name: step["reason"] for name, step in steps.items() if step["reason"]} == {
        name: went_on + message for name, message in CAUGHT.items()
    }


def test_a_fault_that_is_not_caught_fails_the_run(project: Project) -> None:
    project.edit("hello.yaml", "desk:greet", "raising:refuse")
    done = project.agentflow("run", "hello.yaml", "-i", "name=Ada", "--quiet")
    assert done == Done(
        1,
        "",
        "failed: rejected: step 'greet' failed: 'raising:refuse' does not take this input: "
        "refuse() got an unexpected keyword argument 'name'\n"
        f"see why with: agentflow show {project.run_ids()[0]} --step greet\n",
    )
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "failed"


@pytest.mark.parametrize(("isolated", "err"), [("true", ""), ("false", "Ada?\n")])
def test_what_a_function_prints_is_kept_from_the_results(
    project: Project, isolated: str, err: str
) -> None:
    project.edit("hello.yaml", "isolate: false", f"isolate: {isolated}")
    project.edit("hello.yaml", "desk:greet", "desk:greet_loudly")
    done = project.agentflow("run", "hello.yaml", "-i", "name=Ada", "--quiet")
    assert done == Done(0, "outputs:\n  greeting: Ada!\n  times: 1\n", err)
