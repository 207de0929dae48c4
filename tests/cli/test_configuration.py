"""`[tool.agentflow]` in pyproject.toml, and agentflow.toml."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from agentflow.cli.configuration import line_of
from agentflow.lint.configuration import THRESHOLDS

from .checking import ADVISED, GOOD, UNGATED, UNKNOWN_AGENT, UNUSED, found
from .inprocess import agentflow, lines_of
from .shell import Done

AMPLIFIED = GOOD.replace(
    "kind: command\n    argv: [./write]\n    effects: none",
    "kind: llm\n    model: openai/gpt-5-mini\n    retry: {max_attempts: 3}\n    timeout: 30s\n"
    "    repair: 1",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one spec of each kind."""
    for name, text in (
        ("good", GOOD),
        ("error", UNGATED),
        ("warning", UNUSED),
        ("advice", ADVISED),
        ("amplified", AMPLIFIED),
    ):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(text: str, file: str = "agentflow.toml") -> None:
    Path(file).write_text(text, "utf-8")


def test_there_need_not_be_any() -> None:
    assert found("warning.yaml") == (0, ["warning.yaml warning unused-definition"])


@pytest.mark.parametrize(
    ("file", "head"), [("agentflow.toml", ""), ("pyproject.toml", "[tool.agentflow]\n")]
)
def test_both_files(file: str, head: str) -> None:
    configure(
        f'{head}ignore = ["contract", "irreversible-without-gate"]\nfail_on = "warning"\n', file
    )
    assert found("error.yaml", "warning.yaml", "advice.yaml") == (
        1,
        ["warning.yaml warning unused-definition"],
    )
    assert found("error.yaml", "advice.yaml") == (0, [])


def test_a_mark_and_a_table() -> None:
    configure("")
    configure('[tool.agentflow]\nselect = ["retry"]\n', "pyproject.toml")
    assert found("error.yaml") == (0, [])


def test_a_project_of_others_is_not_configured() -> None:
    configure('[project]\nname = "other"\n', "pyproject.toml")
    assert found("error.yaml") == (1, ["error.yaml error irreversible-without-gate"])


def test_a_package_of_a_larger_repository_goes_by_that_of_the_whole() -> None:
    configure('ignore = ["irreversible-without-gate"]\n')
    for name in ("package", "package/deep", "apart", "apart/deep"):
        Path(name).mkdir()
    configure('[project]\nname = "one of many"\n', "package/pyproject.toml")
    configure('[project]\nname = "one of many"\n', "apart/pyproject.toml")
    Path("apart/.git").touch()
    for name in ("package/deep/spec.yaml", "apart/deep/spec.yaml"):
        Path(name).write_text(UNGATED, "utf-8")
    assert found("package") == (0, [])
    assert found("apart") == (1, ["apart/deep/spec.yaml error irreversible-without-gate"])
    configure("[tool.agentflow]\nignore = []\n", "package/pyproject.toml")
    assert found("package")[0] == 1


def test_severities_of_rules_go_before_those_of_families() -> None:
    configure(
        'severities = {effect = "advice", reference = "advice", unused-definition = "error"}\n'
    )
    assert found("error.yaml", "warning.yaml") == (
        1,
        ["error.yaml advice irreversible-without-gate", "warning.yaml error unused-definition"],
    )


def test_numbers_of_rules() -> None:
    assert found("amplified.yaml") == (0, [])
    configure("[thresholds]\nretry-amplification = {warning = 5}\n")
    assert found("amplified.yaml") == (
        0,
        ["amplified.yaml warning retry-amplification"],
    )
    configure("[thresholds]\nretry-amplification = {warning = 2, error = 5}\n", "strict.toml")
    assert found("amplified.yaml", "--config", "strict.toml") == (
        1,
        ["amplified.yaml error retry-amplification"],
    )


def test_the_command_line_goes_before_it() -> None:
    configure('select = ["retry"]\nignore = ["effect"]\nfail_on = "never"\n')
    assert found("error.yaml") == (0, [])
    assert found("error.yaml", "--no-config") == (1, ["error.yaml error irreversible-without-gate"])
    assert found("error.yaml", "--select", "effect") == (0, [])
    assert found("error.yaml", "--select", "effect", "--ignore", "cycle", "--strict") == (
        1,
        ["error.yaml error irreversible-without-gate"],
    )


def test_it_is_that_of_the_project_of_each_spec(folder: Path) -> None:
    for name, rule in (("one", "irreversible-without-gate"), ("two", "cycle")):
        (folder / name).mkdir()
        (folder / name / "agentflow.toml").write_text(f'ignore = ["{rule}"]\n')
        (folder / name / "spec.yaml").write_text(UNGATED)
    assert found("one", "two") == (1, ["two/spec.yaml error irreversible-without-gate"])


def test_a_file_of_its_own() -> None:
    configure('ignore = ["irreversible-without-gate"]\n', "ci.toml")
    assert found("error.yaml", "--config", "ci.toml") == (0, [])
    assert agentflow("validate", "error.yaml", "--config", "none.toml") == Done(
        3, "", "error: there is no file 'none.toml'\n"
    )
    configure("[project]\n", "pyproject.toml")
    assert agentflow("validate", "error.yaml", "--config", "pyproject.toml") == Done(
        2,
        "",
        "error: there is no [tool.agentflow] in 'pyproject.toml'\n"
        "help: name a file that has a configuration\n",
    )


EXCLUDED = {
    "error.yaml": ["deep/down/error.yaml", "deep/error.yaml", "error.yaml"],
    "deep/error.yaml": ["deep/error.yaml"],
    "deep": ["deep/down/error.yaml", "deep/error.yaml"],
    "deep/": ["deep/down/error.yaml", "deep/error.yaml"],
    "deep/*.yaml": ["deep/down/error.yaml", "deep/error.yaml"],
    "down": ["deep/down/error.yaml"],
    "*rror.yaml": ["deep/down/error.yaml", "deep/error.yaml", "error.yaml"],
    "ERROR.yaml": [],
    "../error.yaml": [],
}


@pytest.mark.parametrize("pattern", EXCLUDED)
def test_files_that_are_passed_over(folder: Path, pattern: str) -> None:
    names = ["deep/down/error.yaml", "deep/error.yaml", "error.yaml"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(UNGATED)
    configure(f'exclude = ["{pattern}"]\n')
    left = [name for name in names if name not in EXCLUDED[pattern]]
    # Also those that are named: pre-commit names all files that have changed.
    assert found(*names)[1] == [f"{name} error irreversible-without-gate" for name in left]


def test_it_is_said_that_files_are_passed_over() -> None:
    configure('exclude = ["error.yaml"]\n')
    note = "note: 1 spec is passed over by 'exclude' of the configuration\n"
    assert agentflow("validate", "error.yaml") == Done(0, "no problems in 0 files\n", note)


PROBLEMS = {
    '[tool.agentflow]\nignore = ["retry"]': (
        1,
        "there is no table 'tool' in a file that is a configuration as a whole",
        "leave 'tool.agentflow' out of the names",
    ),
    'selct = ["retry"]': (1, "'selct' is not a key of the configuration", "did you mean 'select'?"),
    "colour = 1": (
        1,
        "'colour' is not a key of the configuration",
        "it knows: select, ignore, per_file_ignores, severities, fail_on, drilled, exclude, thresholds",
    ),
    'ignore = [\n  "retry",\n  "cycel",\n]': (
        3,
        "there is no rule and no family 'cycel'",
        "did you mean 'cycle'?",
    ),
    'ignore = "retry"': (
        1,
        "expected a list of rules and families, found 'retry'",
        "write 'ignore' as a list of rules and families",
    ),
    "exclude = [1]": (
        1,
        "expected a pattern, found 1",
        "every item of 'exclude' is one",
    ),
    'fail_on = "warnings"': (
        1,
        "expected error, warning, advice or never, found 'warnings'",
        "did you mean 'warning'?",
    ),
    'fail_on = "warn"': (
        1,
        "expected error, warning, advice or never, found 'warn'",
        "did you mean 'warning'?",
    ),
    "fail_on = true": (
        1,
        "expected error, warning, advice or never, found true",
        "write 'fail_on' as error, warning, advice or never",
    ),
    '# mine\n[severities]\ncycle = "error"\nretri = "advice"': (
        4,
        "there is no rule and no family 'retri'",
        "did you mean 'retry'?",
    ),
    '[severities]\ncycle = "fatal"': (
        2,
        "'fatal' is no severity",
        "one of: error, warning, advice",
    ),
    "[thresholds]\ncycle = {warning = 3}": (
        2,
        "rule 'cycle' has no numbers",
        "these have: {having}",
    ),
    "[thresholds.retry-amplification]\nwarnin = 3": (
        2,
        "'warnin' is not a number of 'retry-amplification'",
        "did you mean 'warning'?",
    ),
    "thresholds.retry-amplificaton.warning = 3": (
        1,
        "'retry-amplificaton' is not a rule of 'thresholds'",
        "did you mean 'retry-amplification'?",
    ),
    "[thresholds]\nretry-amplification = {warning = 0}": (
        2,
        "expected a whole number from 1 on, found 0",
        "write 'warning' as a whole number from 1 on",
    ),
    "select = []": (
        1,
        "'select' names nothing, so that no rule would count",
        "leave it out for all rules",
    ),
    "[per_file_ignores]\n'a*' = ['retri']": (
        2,
        "there is no rule and no family 'retri'",
        "did you mean 'retry'?",
    ),
    "[per_file_ignores]\n'a*' = 'retry'": (
        2,
        "expected a list of rules and families, found 'retry'",
        "write 'a*' as a list of rules and families",
    ),
    "[per_file_ignores]\n'a*' = [\n  'retry',\n  5,\n]": (
        4,
        "expected the name of a rule or a family, found 5",
        "every item of 'a*' is one",
    ),
    "per_file_ignores = 3": (
        1,
        "expected a table with a list of rules and families for each pattern, found 3",
        "write 'per_file_ignores' as a table with a list of rules and families for each pattern",
    ),
    "thresholds.retry-amplification = 3": (
        1,
        "expected a table of numbers, found 3",
        "write 'retry-amplification' as a table of numbers",
    ),
    '[severities]\ncycle = "warn"': (2, "'warn' is no severity", "did you mean 'warning'?"),
    '[severities]\ncycle = "off"': (
        2,
        "'off' is no severity",
        'to leave it out: ignore = ["cycle"]',
    ),
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_what_is_wrong_with_it_is_said_with_its_line(text: str) -> None:
    line, message, advice = PROBLEMS[text]
    advice = advice.replace("{having}", ", ".join(THRESHOLDS))
    configure(text)
    assert agentflow("validate", "good.yaml") == Done(
        2, "", f"error: agentflow.toml:{line}: {message}\nhelp: {advice}\n"
    )
    assert agentflow("validate", "good.yaml", "--no-config").code == 0


def test_all_that_is_wrong_with_it_is_said_at_once() -> None:
    configure('selct = []\nfail_on = "warnings"\nignore = ["cycel"]\n[severities]\nretri = "error"')
    assert agentflow("validate", "good.yaml") == Done(
        2,
        "",
        "error: agentflow.toml:1: 'selct' is not a key of the configuration\n"
        "help: did you mean 'select'?\n"
        "error: agentflow.toml:2: expected error, warning, advice or never, found 'warnings'\n"
        "help: did you mean 'warning'?\n"
        "error: agentflow.toml:3: there is no rule and no family 'cycel'\n"
        "help: did you mean 'cycle'?\n"
        "error: agentflow.toml:5: there is no rule and no family 'retri'\n"
        "help: did you mean 'retry'?\n",
    )


def test_a_wrong_item_hides_nothing_beside_it() -> None:
    configure(
        'ignore = ["cycel", 5]\n[per_file_ignores]\n"*.yaml" = ["unused-defnition"]\n"a" = 3\n'
    )
    assert agentflow("validate", "good.yaml") == Done(
        2,
        "",
        "error: agentflow.toml:1: expected the name of a rule or a family, found 5\n"
        "help: every item of 'ignore' is one\n"
        "error: agentflow.toml:1: there is no rule and no family 'cycel'\n"
        "help: did you mean 'cycle'?\n"
        "error: agentflow.toml:3: there is no rule and no family 'unused-defnition'\n"
        "help: did you mean 'unused-definition'?\n"
        "error: agentflow.toml:4: expected a list of rules and families, found 3\n"
        "help: write 'a' as a list of rules and families\n",
    )


def test_what_stands_beside_a_wrong_value_is_looked_at() -> None:
    configure(
        '[severities]\nretri = "error"\ndead-step = "erorr"\n'
        '[thresholds.retry-amplification]\neror = 5\nerror = "x"\n'
        "[thresholds.dead-step]\nx = 3"
    )
    assert agentflow("validate", "good.yaml") == Done(
        2,
        "",
        "error: agentflow.toml:2: there is no rule and no family 'retri'\n"
        "help: did you mean 'retry'?\n"
        "error: agentflow.toml:3: 'erorr' is no severity\n"
        "help: did you mean 'error'?\n"
        "error: agentflow.toml:5: 'eror' is not a number of 'retry-amplification'\n"
        "help: did you mean 'error'?\n"
        "error: agentflow.toml:6: expected a whole number from 1 on, found 'x'\n"
        "help: write 'error' as a whole number from 1 on\n"
        "error: agentflow.toml:7: rule 'dead-step' has no numbers\n"
        "help: these have: dearest-on-fan-out, retry-amplification, unbudgeted-calls\n",
    )


def test_rules_that_do_not_count_in_some_files() -> None:
    for name in ("old/one.yaml", "old/two.yaml", "new.yaml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(UNUSED)
    configure('[per_file_ignores]\n"old/*" = ["unused-definition"]\n')
    done = agentflow("validate", ".", "--format", "json")
    files = {each["location"]["file"] for each in json.loads(done.out)["findings"]}
    assert files & {"old/one.yaml", "old/two.yaml", "new.yaml"} == {"new.yaml"}
    # What is ignored on the command line is ignored besides.
    assert agentflow("validate", "old", "--ignore", "cycle").out == "no problems in 2 files\n"


def test_what_it_says_in_vain_is_told_where_all_of_the_project_is_checked() -> None:
    Path("one.yaml").write_text(UNUSED)
    configure(
        'ignore = ["cycle", "reference"]\nexclude = ["gone/*", "one.yaml"]\n'
        '[per_file_ignores]\n"none*" = ["cycle"]\n"good*" = ["cycle"]\n'
    )
    file = "'agentflow.toml'"
    passed = "note: 1 spec is passed over by 'exclude' of the configuration"
    # An unused definition is one of the family 'reference'.
    assert agentflow("validate", ".").err.splitlines() == [
        passed,
        f"note: 'exclude' of {file} has 'gone/*', which fits no spec",
        f"note: 'ignore' of {file} has 'cycle', which finds nothing",
        f"note: 'per_file_ignores' of {file} has 'none*', which fits no spec",
        f"note: 'per_file_ignores' of {file} has 'cycle' for 'good*', which finds nothing there",
    ]
    notes = json.loads(agentflow("validate", ".", "-f", "json").out)["notes"]
    assert [(each["location"]["file"], each["location"]["line"]) for each in notes] == [
        *(("agentflow.toml", line) for line in (2, 1, 4, 5)),
    ]
    assert agentflow("validate", "good.yaml").err == ""
    # What '--ignore' stands in for is not asked.
    assert agentflow("validate", ".", "--ignore", "retry").err.splitlines() == [passed]
    configure('ignore = ["unused-definition"]\nexclude = ["good.yaml"]')
    assert agentflow("validate", ".").err.splitlines() == [passed]


def test_errors_that_count_whatever_it_says_are_told() -> None:
    Path("bad.yaml").write_text(UNKNOWN_AGENT)
    configure('ignore = ["reference"]\n')
    done = agentflow("validate", "bad.yaml")
    assert done.code == 1
    assert done.err == (
        "note: errors of 'unknown-agent' count whatever is configured or ignored: they leave nothing"
        " to run\n"
    )
    configure('severities = {unknown-agent = "advice"}\n')
    assert agentflow("validate", "bad.yaml").err == done.err
    configure('severities = {unknown-agent = "error"}\n')
    assert agentflow("validate", "bad.yaml").err == ""


def test_warnings_do_not_begin_behind_errors() -> None:
    configure("[thresholds]\nretry-amplification = {warning = 60, error = 12}")
    assert agentflow("validate", "good.yaml") == Done(
        2,
        "",
        "error: agentflow.toml:2: the warnings of 'retry-amplification' begin at 60, behind its "
        "errors, which begin at 12\nhelp: give the errors a greater number\n",
    )


def test_lines_of_a_pyproject() -> None:
    configure('[project]\nname = "x"\n\n[tool.agentflow]\nselct = []\n', "pyproject.toml")
    assert agentflow("validate", "good.yaml").err.startswith("error: pyproject.toml:5: 'selct' is")


def test_a_file_that_is_not_toml() -> None:
    configure("ignore = [\n'a'\n'b'\n]\n")
    assert agentflow("validate", "good.yaml") == Done(
        2,
        "",
        "error: agentflow.toml:3: not TOML: unclosed array\n"
        "help: mend it, or pass it over with '--no-config'\n",
    )


def test_two_files_at_once() -> None:
    configure('ignore = ["cycle"]\n')
    configure('[tool.agentflow]\nignore = ["cycle"]\n', "pyproject.toml")
    assert agentflow("validate", "good.yaml") == Done(
        2,
        "",
        "error: 'agentflow.toml' and 'pyproject.toml' both configure agentflow\n"
        "help: keep the configuration in one of the two\n",
    )


def test_the_schema_judges_as_the_reader_does() -> None:
    schema = json.loads("\n".join(lines_of(agentflow("schema", "config"))))
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    for text in PROBLEMS:
        assert not judge.is_valid(tomllib.loads(text)), text
    fine = (
        'select = ["retry", "cycle"]\nignore = []\nfail_on = "never"\nexclude = ["a/*"]\n'
        'severities = {cycle = "advice"}\nthresholds = {retry-amplification = {error = 30}}\n'
    )
    judge.validate(tomllib.loads(fine))
    configure(fine)
    assert found("good.yaml") == (0, [])


@pytest.mark.parametrize(
    ("path", "line"),
    [("a", 1), ("t u k", 4), ("t u", 3), ("t v w", 7), ("t v other", 6), ("x", None)],
)
def test_lines_of_keys(path: str, line: int | None) -> None:
    text = "a = 1\n\n[t.u]\n'k' = [\n  1]\n[t]\nv.w = 2\n"
    assert line_of(text, tuple(path.split())) == line
