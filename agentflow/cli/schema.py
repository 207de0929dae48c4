"""`agentflow schema`: the language as JSON Schema."""

from agentflow.agents import VOCABULARY
from agentflow.cli.report import emit
from agentflow.errors import ExitCode
from agentflow.spec.schema import render_schema


def print_schema() -> int:
    """Print the schema; gives the exit code."""
    emit(render_schema(VOCABULARY).removesuffix("\n"))
    return ExitCode.OK
