"""Options and arguments that several commands have."""

import enum
from pathlib import Path
from typing import Annotated

import typer


class Durability(enum.StrEnum):
    """How `run` and `resume` store entries."""

    PROCESS = "process"
    POWER = "power"


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
