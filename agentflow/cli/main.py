"""The commands and their options. What a command does is in a module of its own, imported when it
is called, so that `--help` and `--version` load nothing else.
"""

import enum
from pathlib import Path
from typing import Annotated

import typer

from agentflow import __version__
from agentflow.cli import checks, people, running
from agentflow.cli.checks import ImportsOption
from agentflow.cli.options import StoreOption, choice

app = typer.Typer(
    name="agentflow",
    help="Multi-agent pipelines that can be read, checked, bounded, run and replayed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # A wider terminal gets lines that are no harder to read.
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


class TestsFormat(enum.StrEnum):
    """How `test` and `drill` say what came of them."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class PlanFormat(enum.StrEnum):
    """How `plan` shows a pipeline."""

    TREE = "tree"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


class ContractsFormat(enum.StrEnum):
    """How `schema contracts` prints them."""

    JSON = "json"
    PYDANTIC = "pydantic"
    TYPESCRIPT = "typescript"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agentflow {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Multi-agent pipelines that can be read, checked, bounded, run and replayed."""


app.command()(checks.validate)
app.command("lint", help="The same as validate.", hidden=True)(checks.validate)
app.command()(checks.rules)
app.command()(checks.explain)


@app.command()
def plan(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="The pipeline's spec, or - for stdin.")
    ],
    format: Annotated[
        PlanFormat, choice(PlanFormat, "--format", "-f", help="How to show it.")
    ] = PlanFormat.TREE,
    concurrency: Annotated[
        int,
        typer.Option("--concurrency", "-c", min=1, max=1024, help="Attempts at a time, for times."),
    ] = 16,
    imports: ImportsOption = False,
) -> None:
    """Show order, types, effects and worst case of a pipeline.

    Nothing in it is executed. Exit 1: it has errors. Exit 2: the call makes no sense. Exit 3: a
    file cannot be read.
    """
    from agentflow.cli.plan import show_plan

    raise typer.Exit(show_plan(spec, format.value, concurrency=concurrency, imports=imports))


@app.command("test")
def run_tests(
    paths: Annotated[
        list[str], typer.Argument(metavar="SPEC...", help="Spec files, folders, or - for stdin.")
    ],
    filter: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME", help="Only tests of this name; * and ? stand in."),
    ] = None,
    format: Annotated[
        TestsFormat,
        choice(TestsFormat, "--format", "-f", help="How to print what came of the tests."),
    ] = TestsFormat.TEXT,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show the whole trace of every test.")
    ] = False,
) -> None:
    """Run the tests in specs.

    Calls no agent, stores nothing. Exit 1: a test failed, or a spec has errors. Exit 2: the call
    makes no sense, or there are no such tests. Exit 3: a file cannot be read.
    """
    from agentflow.cli.test import test_specs

    raise typer.Exit(test_specs(paths, filter or [], format.value, traces=trace))


@app.command()
def drill(
    paths: Annotated[
        list[str], typer.Argument(metavar="SPEC...", help="Spec files, folders, or - for stdin.")
    ],
    format: Annotated[
        TestsFormat,
        choice(TestsFormat, "--format", "-f", help="How to print what came of the drills."),
    ] = TestsFormat.TEXT,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing: exit 1 if a receipt is not that of the drill."
        ),
    ] = False,
    runs: Annotated[
        int, typer.Option("--runs", min=1, help="The most runs that are made for one spec.")
    ] = 1000,
    allow_imports: ImportsOption = False,
) -> None:
    """Bring about each failure that specs handle, write receipts.

    Calls no agent. Exit 1: something does not end as the spec says, a receipt is not right, or a
    spec has errors. Exit 2: the call makes no sense. Exit 3: a file cannot be read or written.
    """
    from agentflow.cli.drill import Options, drill_specs

    options = Options(format.value, check=check, imports=allow_imports, runs=runs)
    raise typer.Exit(drill_specs(paths, options))


app.command()(running.run)
app.command()(running.resume)
app.command()(people.inbox)
app.command()(people.tick)
app.command()(people.answer)
app.command()(people.receive)
app.command()(people.cancel)
app.command()(running.replay)
app.command()(running.show)
app.command()(running.runs)


@app.command()
def tools(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The pipeline's spec.")],
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME", help="Only this server.")
    ] = None,
    format: Annotated[
        checks.ListFormat, choice(checks.ListFormat, "--format", "-f", help="How to print them.")
    ] = checks.ListFormat.TEXT,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write them to the files that 'definitions' names, instead of printing."
        ),
    ] = False,
) -> None:
    """Start the MCP servers of a spec and list their tools.

    Exit 1: a tool is not as pinned, or the spec has errors. Exit 2: there is no such server, or the
    call makes no sense otherwise. Exit 3: a server or a file cannot be used, or a secret is not
    set.
    """
    from agentflow.cli.tools import list_tools

    raise typer.Exit(list_tools(spec, server=server, format=format.value, write=write))


@app.command()
def doctor(
    spec: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SPEC]", help="Look at what this pipeline needs.", show_default=False
        ),
    ] = None,
    start_servers: Annotated[
        bool,
        typer.Option(
            "--start-servers", help="Start the MCP servers of the spec and ask for their tools."
        ),
    ] = False,
    format: Annotated[
        checks.ListFormat,
        choice(checks.ListFormat, "--format", "-f", help="How to print what was found."),
    ] = checks.ListFormat.TEXT,
    store: StoreOption = None,
) -> None:
    """Tell what is there that runs need, and what is missing.

    Exit 1: something is in the way of runs. Exit 2: the call makes no sense. Exit 3: a file cannot
    be read.
    """
    from agentflow.cli.doctor import examine

    raise typer.Exit(examine(spec, store=store, start=start_servers, format=format.value))


schema = typer.Typer(rich_markup_mode=None)
app.add_typer(schema, name="schema")


@schema.callback(invoke_without_command=True)
def print_schema(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODULE:CLASS",
            help="That of a pydantic model instead; its module is imported.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of the pipeline language, for editors."""
    from agentflow.cli.schema import print_class, print_schema

    if context.invoked_subcommand is None:
        raise typer.Exit(print_schema() if model is None else print_class(model))
    if model is not None:
        raise typer.BadParameter("'--from' stands alone")


@schema.command()
def contracts(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="The pipeline's spec, or - for stdin.")
    ],
    format: Annotated[
        ContractsFormat,
        choice(
            ContractsFormat,
            "--format",
            "-f",
            help="JSON Schemas, pydantic models or TypeScript types.",
        ),
    ] = ContractsFormat.JSON,
    allow_imports: ImportsOption = False,
) -> None:
    """Print all contracts of a spec.

    Each has everything that it refers to. Exit 1: the spec has errors. Exit 2: the call makes no
    sense. Exit 3: a file cannot be read, or a generator cannot be used.
    """
    from agentflow.cli.contracts import print_contracts

    raise typer.Exit(print_contracts(spec, format.value, imports=allow_imports))


@schema.command()
def config() -> None:
    """Print the JSON Schema of agentflow.toml or [tool.agentflow]."""
    from agentflow.cli.schema import print_configuration

    raise typer.Exit(print_configuration())
