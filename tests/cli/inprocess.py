"""The command line without a process of its own, for what does not need one."""

import io

import pytest
from typer.testing import CliRunner

from agentflow.cli.main import app
from agentflow.cli.report import report_error
from agentflow.errors import AgentflowError

from .shell import Done


def agentflow(*arguments: str, stdin: bytes = b"") -> Done:
    """Run a command in the current folder to its end; what is no error of ours is raised."""
    result = CliRunner().invoke(app, [*arguments], input=stdin, prog_name="agentflow")
    if isinstance(result.exception, AgentflowError):
        said = io.StringIO()
        report_error(result.exception, said)
        return Done(result.exception.exit_code, result.stdout, result.stderr + said.getvalue())
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def lines_of(done: Done, *, code: int = 0) -> list[str]:
    """What a command printed that ended with `code` and without complaint."""
    if done != Done(code, done.out):
        pytest.fail(f"{done}")
    return done.out.splitlines()
