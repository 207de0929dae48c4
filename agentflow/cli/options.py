"""Options and arguments that several commands have."""

import enum
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from agentflow.errors import UsageError

_Value = TypeVar("_Value", bound=enum.StrEnum)


class Durability(enum.StrEnum):
    """How `run` and `resume` store entries."""

    PROCESS = "process"
    POWER = "power"


def one_of(values: type[_Value]) -> Callable[[str], _Value]:
    """The parser of an option or argument that takes one value of a few, and names the nearest."""

    def parse(text: str) -> _Value:
        try:
            return values(text)
        except ValueError:
            raise typer.BadParameter(_is_none_of(text, values)) from None

    return parse


def choice(values: type[_Value], *names: str, help: str, show_default: bool = True) -> Any:
    """An option that takes one value of a few."""
    return typer.Option(
        *names,
        parser=one_of(values),
        metavar=f"<{'|'.join(values)}>",
        help=help,
        show_default=show_default,
    )


def _is_none_of(text: str, values: Iterable[str]) -> str:
    from agentflow.spec.nearest import nearest_choice
    from agentflow.spec.wording import quoted

    known = list(values)
    near = nearest_choice(text, known)
    meant = f"; did you mean {quoted(near)}?" if near is not None else ""
    return f"{quoted(text)} is not one of: {', '.join(known)}{meant}"


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
    choice(
        Durability,
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
