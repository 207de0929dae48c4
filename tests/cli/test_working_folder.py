"""Files that lie where a command is called."""

from .shell import AGENTFLOW, Done, Project


def test_modules_of_the_working_folder_are_not_ours(project: Project) -> None:
    for name in ("yaml", "pydantic", "rich", "typer"):
        (project.folder / f"{name}.py").write_text("raise SystemExit('caught')\n")
    assert project.agentflow("validate", "hello.yaml", by=AGENTFLOW) == Done(
        0, "no problems in 1 file\n"
    )


def test_a_spec_that_cannot_be_read_does_not_hide_the_others(project: Project) -> None:
    (project.folder / "bad.yaml").write_text("- a list\n")
    done = project.agentflow("validate", "missing.yaml", "bad.yaml")
    assert done.code == 3
    assert done.err == "error: there is no file 'missing.yaml'\n"
    assert "error[syntax]: the file holds a list, expected keys and values" in done.out
