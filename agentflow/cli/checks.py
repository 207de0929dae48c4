"""The commands that look at specs without running them, and their options."""

import enum
from typing import Annotated

import typer


class FindingsFormat(enum.StrEnum):
    """How `validate` says what it found."""

    TEXT = "text"
    JSON = "json"


class ListFormat(enum.StrEnum):
    """How commands print that list what there is: `rules`, `explain`, `tools`."""

    TEXT = "text"
    JSON = "json"


ImportsOption = Annotated[
    bool,
    typer.Option(
        "--allow-imports",
        help="Import the modules of Python classes that contracts name, in a process of their own.",
    ),
]
ListFormatOption = Annotated[ListFormat, typer.Option("--format", "-f", help="How to print.")]


def validate(
    paths: Annotated[
        list[str], typer.Argument(metavar="SPEC...", help="Spec files, folders, or - for stdin.")
    ],
    format: Annotated[
        FindingsFormat, typer.Option("--format", "-f", help="How to print the findings.")
    ] = FindingsFormat.TEXT,
    allow_imports: ImportsOption = False,
) -> None:
    """Check specs: exit 0 if they can run, 1 if there are errors. Nothing in them is executed."""
    from agentflow.cli.validate import validate_specs

    raise typer.Exit(validate_specs(paths, format.value, imports=allow_imports))


def rules(format: ListFormatOption = ListFormat.TEXT) -> None:
    """List the rules of validate by family, with their severities and whether they have a fix."""
    from agentflow.cli.rules import list_rules

    raise typer.Exit(list_rules(json=format is ListFormat.JSON))


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The name of a rule.")],
    format: ListFormatOption = ListFormat.TEXT,
) -> None:
    """Print the page of a rule: what is wrong, why it hurts, an example, and the example mended."""
    from agentflow.cli.rules import explain_rule

    raise typer.Exit(explain_rule(rule, json=format is ListFormat.JSON))
