"""Which findings count, which are shown, and which make `validate` fail."""

import json
from pathlib import Path

import pytest

from agentflow.lint.rules import cycle

from .checking import ADVISED, GOOD, UNGATED, UNKNOWN_AGENT, UNUSED, found, summary
from .inprocess import agentflow
from .shell import Done

ERROR = "error.yaml error irreversible-without-gate"
WARNING = "warning.yaml warning unused-definition"
ADVICE = "advice.yaml advice whole-output"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "agentflow.toml").touch()
    for name, text in (
        ("good", GOOD),
        ("error", UNGATED),
        ("warning", UNUSED),
        ("advice", ADVISED),
    ):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_counts_and_errors_fail() -> None:
    assert found(".") == (1, [ADVICE, ERROR, WARNING])
    assert found("warning.yaml", "advice.yaml") == (0, [ADVICE, WARNING])


SELECTIONS = {
    "--select irreversible-without-gate": [ERROR],
    "--select effect": [ERROR],
    "--select contract,irreversible-without-gate": [ADVICE, ERROR],
    "--select contract --select irreversible-without-gate": [ADVICE, ERROR],
    "--ignore effect,reference": [ADVICE],
    "--ignore whole-output,irreversible-without-gate": [WARNING],
    "--select effect,reference --ignore unused-definition": [ERROR],
    "--ignore whole-output,": [ERROR, WARNING],
}


@pytest.mark.parametrize("options", SELECTIONS)
def test_rules_and_families_by_name(options: str) -> None:
    assert found(".", *options.split())[1] == SELECTIONS[options]


def test_what_does_not_count_does_not_fail() -> None:
    assert found("error.yaml", "--ignore", "irreversible-without-gate") == (0, [])


def test_an_error_that_leaves_nothing_to_run_counts_whatever_is_selected() -> None:
    Path("error.yaml").write_text(UNKNOWN_AGENT, "utf-8")
    only = (1, ["error.yaml error unknown-agent"])
    for options in (
        ["--ignore", "unknown-agent"],
        ["--ignore", "reference"],
        ["--select", "retry"],
    ):
        assert found("error.yaml", *options) == only
    Path("agentflow.toml").write_text('severities = {unknown-agent = "advice"}\n', "utf-8")
    assert found("error.yaml") == only


@pytest.mark.parametrize(
    ("option", "help"),
    [
        ("unknown-agnet", "did you mean 'unknown-agent'?"),
        ("rety", "did you mean 'retry'?"),
        ("nothing-like-it", "'agentflow rules' lists them"),
    ],
)
def test_names_that_nothing_has(option: str, help: str) -> None:
    message = f"there is no rule and no family '{option}'"
    for name in ("--select", "--ignore"):
        assert agentflow("validate", ".", name, f"cycle,{option}") == Done(
            2, "", f"error: '{name}': {message}\nhelp: {help}\n"
        )


@pytest.mark.parametrize("names", ["", ",", " , "])
def test_a_selection_that_names_nothing(names: str) -> None:
    # As where a variable of a script is empty.
    assert agentflow("validate", ".", "--select", names) == Done(
        2,
        "",
        "error: '--select' names nothing, so that no rule would count\n"
        "help: leave it out for all rules\n",
    )
    assert found("error.yaml", "--ignore", names) == (1, [ERROR])


#: What the command line and the configuration select and ignore, and which names are left with
#: nothing.
AT_ONCE = {
    ("--select effect --ignore effect", ""): ["effect"],
    ("--select effect,cycle --ignore graph", ""): ["cycle"],
    ("--select cycle --ignore cycle", ""): ["cycle"],
    ("--select effect", 'ignore = ["effect"]'): ["effect"],
    ("--ignore cycle", 'select = ["cycle", "retry"]'): ["cycle"],
    ("", 'select = ["cycle"]\nignore = ["graph"]'): ["cycle"],
    ("--select effect --ignore irreversible-without-gate", ""): [],
    ("--select effect --ignore retry", 'ignore = ["effect"]'): [],
    ("--select effect --no-config", 'ignore = ["effect"]'): [],
}


@pytest.mark.parametrize(("options", "configured"), AT_ONCE)
def test_what_is_selected_and_ignored_at_once_is_told(options: str, configured: str) -> None:
    Path("agentflow.toml").write_text(configured, "utf-8")
    assert agentflow("validate", "good.yaml", *options.split()).err.splitlines() == [
        f"note: '{name}' is selected and ignored at once: it does not count"
        for name in AT_ONCE[options, configured]
    ]


def test_what_is_taken_back_counts_like_what_is_not() -> None:
    text = UNUSED.replace(
        "max_attempts: 3}", "max_attempts: 3}  # agentflow: ignore[unused-definition] later"
    )
    Path("warning.yaml").write_text(text, "utf-8")
    for options, suppressed in (
        ("", 1),
        ("--select reference", 1),
        ("--select effect", 0),
        ("--ignore unused-definition", 0),
        ("--ignore reference", 0),
    ):
        # It is not unused either, whatever is selected.
        assert found("warning.yaml", *options.split()) == (0, [])
        assert summary("warning.yaml", *options.split())["suppressed"] == suppressed


def test_it_is_said_that_what_is_not_shown_fails() -> None:
    note = "note: findings that are not shown fail; '--severity {}' shows them\n"
    nothing = "no problems in 1 file (1 not shown)\n"
    for file, options, shows in (
        ("warning.yaml", "--strict", "warning"),
        ("advice.yaml", "--fail-on advice", "advice"),
    ):
        done = agentflow("validate", file, "--severity", "error", *options.split())
        assert done == Done(1, nothing, note.format(shows))
    assert agentflow("validate", "warning.yaml", "--severity", "error") == Done(0, nothing)
    assert agentflow("validate", ".", "--severity", "error", "--strict").err == ""


def test_the_floor_is_about_what_is_shown() -> None:
    assert found(".", "--severity", "warning") == (1, [ERROR, WARNING])
    assert found(".", "--severity", "error") == (1, [ERROR])
    assert summary(".", "--severity", "error")["hidden"] == 2
    assert agentflow("validate", "warning.yaml", "--severity", "error") == Done(
        0, "no problems in 1 file (1 not shown)\n"
    )
    # A warning that is not shown still fails where warnings do.
    assert found("warning.yaml", "--severity", "error", "--strict") == (1, [])


FAILING = {
    "": [1, 0, 0],
    "--strict": [1, 1, 0],
    "--fail-on error": [1, 0, 0],
    "--fail-on warning": [1, 1, 0],
    "--fail-on advice": [1, 1, 1],
    "--fail-on never": [0, 0, 0],
    "--exit-zero": [0, 0, 0],
}


@pytest.mark.parametrize("options", FAILING)
def test_what_fails(options: str) -> None:
    files = ("error.yaml", "warning.yaml", "advice.yaml")
    assert [found(file, *options.split())[0] for file in files] == FAILING[options]
    assert found("good.yaml", *options.split()) == (0, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "--strict --exit-zero",
            "'--strict', '--fail-on' and '--exit-zero' contradict each other; give one of them",
        ),
        (
            "--fail-on error --strict",
            "'--strict', '--fail-on' and '--exit-zero' contradict each other; give one of them",
        ),
        ("--config x.toml --no-config", "'--config' and '--no-config' exclude each other"),
        ("--diff -f sarif", "'--diff' prints a patch, which has no '--format'"),
    ],
)
def test_options_that_contradict_each_other(options: str, said: str) -> None:
    done = agentflow("validate", "good.yaml", *options.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(f"Error: Invalid value: {said}\n")


def test_a_rule_that_crashes_is_named_and_the_exit_code_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(context: object) -> list[object]:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(cycle, "check", broken)
    done = agentflow("validate", "warning.yaml", "--exit-zero")
    assert done.code == 3
    assert done.out.startswith(
        "error[cycle]: bug in rule 'cycle': ZeroDivisionError: division by zero\n"
        " --> warning.yaml\n"
        "help: please report this with the spec that caused it\n\nwarning[unused-definition]: "
    )
    # The others go on, and who does not want the rule has nothing to do with it.
    assert found("warning.yaml")[1][1] == WARNING
    assert found("warning.yaml", "--ignore", "cycle") == (0, [WARNING])


def test_of_one_rule_so_many_findings_are_listed_as_anybody_reads() -> None:
    Path("warning.yaml").write_text(GOOD + "# agentflow: ignore[cycel] x\n" * 1_500, "utf-8")
    done = agentflow("validate", "warning.yaml", "--format", "json", "--strict")
    findings = json.loads(done.out)["findings"]
    assert done.code == 1
    assert len(findings) == 1_001
    assert findings[-1]["message"] == "500 more findings of 'bad-suppression' are not listed"
    assert findings[-1]["location"]["line"] == findings[-2]["location"]["line"] + 1
