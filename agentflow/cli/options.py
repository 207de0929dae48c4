"""Options and arguments that several commands have."""

import enum
import os
from pathlib import Path
from typing import Annotated

import typer

from agentflow.errors import UsageError


class Durability(enum.StrEnum):
    """How `run` and `resume` store entries."""

    PROCESS = "process"
    POWER = "power"


def words(param: typer.CallbackParam, text: str | None) -> str | None:
    """What was typed for an option. In some locales Python does not take its bytes for UTF-8."""
    if text is None:
        return None
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        raise UsageError(f"'{param.opts[0]}' is not UTF-8 text") from None


StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        envvar="AGENTFLOW_STORE",
        help="Folder of the runs; by default .agentflow in the project root.",
        show_default=False,
    ),
]
DurabilityOption = Annotated[
    Durability,
    typer.Option(
        "--durability",
        help="What stored entries survive: every crash of the process, or a loss of power too.",
    ),
]
WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait", help="Stay until people have answered, instead of ending with exit code 4."
    ),
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN_ID", help="A run's id, or its unique beginning.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No trace; print the outputs, or why there are none.")
]
