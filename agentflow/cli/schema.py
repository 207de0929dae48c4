"""`agentflow schema`: the language as JSON Schema, and the schema of a Python class."""

import json
from pathlib import Path

from agentflow.cli.report import emit
from agentflow.errors import ExitCode, UsageError


def print_schema() -> int:
    """Print the schema of the language; gives the exit code."""
    from agentflow.agents import VOCABULARY
    from agentflow.spec.schema import render_schema

    emit(render_schema(VOCABULARY).removesuffix("\n"))
    return ExitCode.OK


def print_configuration() -> int:
    """Print the schema of the configuration; gives the exit code."""
    from agentflow.lint.configuration import configuration_schema

    emit(configuration_schema().removesuffix("\n"))
    return ExitCode.OK


def print_class(name: str) -> int:
    """Print the schema of a class that is looked up from the current folder; gives the exit code.

    Raises:
        UsageError: there is no such class, or it has no schema.
    """
    from agentflow.classes.schemas import read_schemas
    from agentflow.contracts.models import model_name
    from agentflow.project import find_root
    from agentflow.spec.wording import quoted

    if model_name({"python": name}) is None:
        raise UsageError(
            f"{quoted(name)} is no name of a class", help="write it as package.module:Model"
        )
    here = Path.cwd()
    models = read_schemas([name], here, find_root(here))
    for problem in models.problems.values():
        raise UsageError(problem.message, help=problem.help)
    emit(json.dumps(json.loads(models.schemas[name]), indent=2, ensure_ascii=False))
    return ExitCode.OK
