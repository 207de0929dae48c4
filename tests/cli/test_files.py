"""Which files `validate` looks at."""

import json
import os
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .checking import GOOD, UNKNOWN_AGENT, found
from .inprocess import agentflow, lines_of
from .rights import as_nobody
from .shell import Done

FILES = {
    "a.yaml": UNKNOWN_AGENT,
    "deep/b.yml": UNKNOWN_AGENT,
    "deep/down/c.yaml": UNKNOWN_AGENT,
    # A head that is misspelt, or written as in JSON, or behind a comment and a byte order mark.
    "deep/d.yaml": UNKNOWN_AGENT.replace("agentflow: 1", "agnetflow: 1"),
    "deep/e.yaml": '{"agentflow": 1}',
    "deep/f.yaml": "\ufeff# mine\n" + UNKNOWN_AGENT,
    # Broken from the start, or further on.
    "deep/g.yaml": "# mine\n---\n\tagentflow: 1\n",
    "deep/h.yaml": "name: [\nagentflow: 1\n",
    # No specs.
    "compose.yaml": "services:\n  agentflow: {image: x}\n",
    "chart.yaml": "\tname: [\n",
    "README.md": UNKNOWN_AGENT,
    ".hidden.yaml": UNKNOWN_AGENT,
    ".hidden/g.yaml": UNKNOWN_AGENT,
    "node_modules/h.yaml": UNKNOWN_AGENT,
    "env/pyvenv.cfg": "",
    "env/lib/i.yaml": UNKNOWN_AGENT,
}
SPECS = [
    *("a.yaml", "deep/b.yml", "deep/d.yaml", "deep/down/c.yaml", "deep/e.yaml", "deep/f.yaml"),
    *("deep/g.yaml", "deep/h.yaml"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "agentflow.toml").touch()
    monkeypatch.chdir(folder)
    return folder


def files(*arguments: str) -> list[str]:
    """The files with findings, each once, in the order of the findings."""
    return list(dict.fromkeys(line.split()[0] for line in found(*arguments)[1]))


def test_a_folder_stands_for_all_specs_below_it() -> None:
    assert files(".") == SPECS
    assert files("deep") == [file for file in SPECS if file.startswith("deep/")]


def test_patterns() -> None:
    assert files("*.yaml") == [
        "a.yaml",
        "chart.yaml",
        "compose.yaml",
    ]  # who names a file wants it checked
    assert files("deep/**/*.yaml") == [
        *("deep/d.yaml", "deep/down/c.yaml", "deep/e.yaml", "deep/f.yaml"),
        *("deep/g.yaml", "deep/h.yaml"),
    ]
    assert agentflow("validate", "none/*.yaml") == Done(
        2,
        "",
        "error: no file fits 'none/*.yaml'\n"
        "help: ** stands for folders, * for any part of a name\n",
    )


def test_a_file_whose_name_looks_like_a_pattern() -> None:
    Path("what[1].yaml").write_text(UNKNOWN_AGENT)
    assert files("what[1].yaml") == ["what[1].yaml"]


def test_neither_order_nor_repetition_matters(folder: Path) -> None:
    once = agentflow("validate", *SPECS)
    again = agentflow(
        "validate", *reversed(SPECS), "./a.yaml", "deep/../a.yaml", "deep", f"{folder}/a.yaml"
    )
    assert again == once
    assert once.code == 1


def test_a_spec_in_another_encoding_is_told() -> None:
    Path("deep/wide.yaml").write_text(UNKNOWN_AGENT, "utf-16")
    assert files("deep")[-1] == "deep/wide.yaml"


def test_links_are_followed_to_files_inside_only(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "z.yaml").write_text(UNKNOWN_AGENT)
    (folder / "deep" / "link.yaml").symlink_to(outside / "z.yaml")
    (folder / "deep" / "loop").symlink_to(folder)
    (folder / "deep" / "same.yaml").symlink_to(folder / "deep" / "b.yml")
    os.mkfifo(folder / "deep" / "pipe.yaml")
    assert files(".") == SPECS
    # Who names it wants it checked.
    assert files("deep/link.yaml") == ["deep/link.yaml"]


def test_a_folder_without_specs(folder: Path) -> None:
    (folder / "empty" / "env").mkdir(parents=True)
    for name in ("pyvenv.cfg", "own.yaml"):
        (folder / "empty" / "env" / name).write_text(UNKNOWN_AGENT)
    # It is told of, and hides nothing.
    assert agentflow("validate", "a.yaml", "empty") == Done(
        2,
        agentflow("validate", "a.yaml").out,
        "error: there are no specs in the folder 'empty'\n"
        "help: a spec is a file that ends in .yaml or .yml and has a line 'agentflow: 1'\n",
    )


def test_stdin_among_others() -> None:
    done = agentflow("validate", "-", "a.yaml", stdin=GOOD.encode())
    assert done.code == 1
    assert lines_of(agentflow("validate", "-", stdin=GOOD.encode())) == ["no problems in 1 file"]


def test_a_file_that_is_not_there_does_not_hide_the_others() -> None:
    done = agentflow("validate", "a.yaml", "b.yaml")
    assert done.code == 3
    assert done.out.startswith("error[unknown-agent]: unknown agent 'wrter'\n")
    assert done.err == "error: there is no file 'b.yaml'\n"


@pytest.mark.parametrize("named", [["."], ["a.yaml", "b.yaml"], ["[ab].yaml"]], ids=" ".join)
def test_a_file_that_cannot_be_read_is_told_and_hides_nothing(
    named: list[str],
) -> None:
    with TemporaryDirectory() as name, chdir(name):
        folder = Path()
        folder.chmod(0o755)
        (folder / "agentflow.toml").touch()
        (folder / "a.yaml").write_text(UNKNOWN_AGENT)
        (folder / "b.yaml").write_text(GOOD)
        (folder / "gone.yaml").symlink_to("nowhere")  # a link that leads nowhere is no file
        # What is imported late is read before the rights to do so are gone.
        agentflow("validate", "b.yaml", "none.yaml", "*.yaml")
        (folder / "b.yaml").chmod(0)
        with as_nobody():
            done = agentflow("validate", *named)
    assert done.code == 3
    assert done.out.startswith("error[unknown-agent]: unknown agent 'wrter'\n")
    assert done.err == "error: cannot read 'b.yaml': Permission denied\n"


@pytest.mark.parametrize("named", [".", "shut", "shut/c.yaml", "listed"])
def test_a_folder_that_cannot_be_read_is_told_and_hides_nothing(named: str) -> None:
    """Be it that nobody may list it, or that nobody may open what is listed."""
    closed = {"shut": 0, "listed": 0o444}
    with TemporaryDirectory() as name, chdir(name):
        folder = Path()
        folder.chmod(0o755)
        (folder / "agentflow.toml").touch()
        (folder / "a.yaml").write_text(UNKNOWN_AGENT)
        for each in closed:
            (folder / each).mkdir()
            (folder / each / "c.yaml").write_text(GOOD)
        agentflow("validate", ".", "none.yaml")  # as above
        for each, mode in closed.items():
            (folder / each).chmod(mode)
        with as_nobody():
            done = agentflow("validate", "a.yaml", named)
        for each in closed:
            (folder / each).chmod(0o755)
    assert done.code == 3
    assert done.out.startswith("error[unknown-agent]: unknown agent 'wrter'\n")
    told = {".": ["listed/c.yaml", "shut"], "listed": ["listed/c.yaml"]}.get(named, [named])
    assert done.err == "".join(f"error: cannot read '{each}': Permission denied\n" for each in told)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_spec_in_another_encoding_is_one_in_a_folder_too(folder: Path, encoding: str) -> None:
    (folder / "saved").mkdir()
    for name, text in (("a.yaml", GOOD), ("compose.yaml", FILES["compose.yaml"])):
        (folder / "saved" / name).write_bytes(f"\ufeff{text}".encode(encoding))
    done = agentflow("validate", "saved", "-f", "github")
    assert done.out.splitlines()[0] == (
        "::error file=saved/a.yaml,line=1,col=1,endColumn=1,title=agentflow syntax::"
        "the file is UTF-16, not UTF-8%0Ahelp: save the file as UTF-8 text"
    )
    assert "compose" not in done.out


def test_a_name_that_is_empty(folder: Path) -> None:
    assert agentflow("validate", "") == Done(
        2, "", "error: an empty name is that of no file\nhelp: '.' is the current folder\n"
    )


def test_a_name_that_is_not_text(folder: Path) -> None:
    name = os.fsdecode(b"n\xff.yaml")
    (folder / name).write_text(UNKNOWN_AGENT)
    assert " --> n\\udcff.yaml:" in agentflow("validate", name).out
    located = json.loads(agentflow("validate", name, "-f", "sarif").out)
    (run,) = located["runs"]
    (result, *_) = run["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "n%FF.yaml"


def test_a_link_to_a_folder_stands_for_what_is_in_it(folder: Path) -> None:
    (folder / "link").symlink_to("deep")
    inside = [file for file in SPECS if file.startswith("deep/")]
    assert files("link") == [each.replace("deep", "link") for each in inside]
    assert files("link", "deep") == inside
