"""The commands and their options. What a command does is in a module of its own, imported when it
is called, so that `--help` and `--version` load nothing else.
"""

import enum
from pathlib import Path
from typing import Annotated

import typer

from agentflow import __version__
from agentflow.cli import checks
from agentflow.cli.checks import ImportsOption

app = typer.Typer(
    name="agentflow",
    help="Multi-agent pipelines that can be read, checked, bounded, run and replayed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Durability(enum.StrEnum):
    """How `run` and `resume` store entries."""

    PROCESS = "process"
    POWER = "power"


class Answer(enum.StrEnum):
    """What can be said to a question."""

    APPROVE = "approve"
    REPLACE = "replace"
    RETRY = "retry"
    ABORT = "abort"


class TestsFormat(enum.StrEnum):
    """How `test` says what came of the tests."""

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


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agentflow {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
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
        PlanFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = PlanFormat.TREE,
    concurrency: Annotated[
        int,
        typer.Option("--concurrency", "-c", min=1, max=1024, help="Attempts at a time, for times."),
    ] = 16,
    imports: ImportsOption = False,
) -> None:
    """Show a pipeline before it runs: order, types, effects, what it touches, the worst case."""
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
        TestsFormat, typer.Option("--format", "-f", help="How to print what came of the tests.")
    ] = TestsFormat.TEXT,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show the whole trace of every test.")
    ] = False,
) -> None:
    """Run the tests in specs: exit 0 if all pass, 1 if not. No agent is called, nothing is stored."""
    from agentflow.cli.test import test_specs

    raise typer.Exit(test_specs(paths, filter or [], format.value, traces=trace))


@app.command()
def run(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The pipeline's spec.")],
    input_: Annotated[
        list[str] | None,
        typer.Option(
            "--input", "-i", metavar="NAME=VALUE", help="An input; may be given many times."
        ),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            "--inputs", metavar="FILE", help="Inputs as a JSON or YAML file, - for stdin."
        ),
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option(
            "--simulate",
            help="Call nothing: answers are made up from the contracts, in virtual time.",
        ),
    ] = False,
    seed: Annotated[str, typer.Option(help="What made-up answers depend on.")] = "0",
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Keep the answers of chat models in a file."),
    ] = None,
    playback: Annotated[
        Path | None,
        typer.Option(
            "--playback",
            metavar="FILE",
            help="Call no chat model: their answers come from a file that '--record' made.",
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=1024, help="Attempts at a time.")
    ] = 16,
    durability: DurabilityOption = Durability.PROCESS,
    wait: WaitOption = False,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="NAME", help="Who starts it; by default your user."),
    ] = None,
    store: StoreOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Run a pipeline: exit 0 if it succeeded, 1 if it failed, 4 if it waits for people."""
    from agentflow.cli.run import run_spec

    raise typer.Exit(
        run_spec(
            spec,
            given=input_ or [],
            file=inputs,
            simulate=simulate,
            seed=seed,
            concurrency=concurrency,
            durability=durability.value,
            wait=wait,
            by=by,
            record=record,
            playback=playback,
            store=store,
            quiet=quiet,
            json=json,
        )
    )


@app.command()
def resume(
    run_id: RunArgument,
    as_started: Annotated[
        bool,
        typer.Option("--as-started", help="Go on although files of the spec have changed since."),
    ] = False,
    durability: DurabilityOption = Durability.PROCESS,
    wait: WaitOption = False,
    store: StoreOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Go on with a run that waits, that was interrupted, or whose process died."""
    from agentflow.cli.run import resume_run

    raise typer.Exit(
        resume_run(
            run_id,
            as_started=as_started,
            durability=durability.value,
            wait=wait,
            store=store,
            quiet=quiet,
            json=json,
        )
    )


@app.command()
def inbox(store: StoreOption = None, json: JsonOption = False) -> None:
    """List the questions that wait for people, over all runs, those that are due first."""
    from agentflow.cli.inbox import list_questions

    raise typer.Exit(list_questions(store=store, json=json))


@app.command()
def tick(
    as_started: Annotated[
        bool,
        typer.Option("--as-started", help="Go on although files of a spec have changed since."),
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with every run that waits and in which something is due: for cron, or a timer."""
    from agentflow.cli.tick import tick_runs

    raise typer.Exit(tick_runs(as_started=as_started, store=store, json=json))


@app.command()
def answer(
    run_id: RunArgument,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="The step that asks, by its address.")
    ],
    said: Annotated[
        Answer, typer.Argument(metavar="ANSWER", help="approve, replace, retry or abort.")
    ],
    value: Annotated[
        str | None, typer.Option("--value", metavar="JSON", help="The value of 'replace'.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="The same from a file, - for stdin."),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option("--question", help="Only to this question, by its id or the beginning of it."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who answers; by default your user.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Answer the question of a step: exit 0 if the answer counts, 1 if it was refused."""
    from agentflow.cli.answer import answer_question

    raise typer.Exit(
        answer_question(
            run_id,
            step,
            said.value,
            value=value,
            file=file,
            question=question,
            by=by,
            reason=reason,
            store=store,
            json=json,
        )
    )


@app.command()
def receive(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any that is free.")
    ] = 8377,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address of this machine.")
    ] = "127.0.0.1",
    store: StoreOption = None,
) -> None:
    """Take in signed answers over HTTP, until a signal comes; they are put into their runs."""
    from agentflow.cli.receive import receive_answers

    raise typer.Exit(receive_answers(host=host, port=port, store=store))


@app.command()
def cancel(
    run_id: RunArgument,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="NAME", help="Who cancels; by default your user."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """End a run for good: exit 0 if it is cancelled, 1 if it is not (yet)."""
    from agentflow.cli.cancel import cancel_run

    raise typer.Exit(cancel_run(run_id, by=by, reason=reason, store=store, json=json))


@app.command()
def replay(
    run_id: RunArgument,
    spec: Annotated[
        Path | None,
        typer.Option("--spec", help="Decide by this spec instead of the recorded one."),
    ] = None,
    store: StoreOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Decide again over a run's log, calling nothing: exit 0 if all is the same, 1 if not."""
    from agentflow.cli.replay import replay_run

    raise typer.Exit(replay_run(run_id, spec=spec, store=store, quiet=quiet, json=json))


@app.command()
def show(
    run_id: RunArgument,
    step: Annotated[
        str | None,
        typer.Option("--step", "-s", help="One step by its address: inputs, answers, decisions."),
    ] = None,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Of that step: exactly what its chat model saw.")
    ] = False,
    attempt: Annotated[
        int | None,
        typer.Option("--attempt", metavar="N", help="In this attempt, not in the last."),
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Show a run: its trace, or all that is known of one step. It may be going on meanwhile."""
    from agentflow.cli.show import show_run

    raise typer.Exit(
        show_run(run_id, step=step, store=store, json=json, prompt=prompt, attempt=attempt)
    )


@app.command()
def runs(store: StoreOption = None, json: JsonOption = False) -> None:
    """List the runs in the store, the newest first."""
    from agentflow.cli.runs import list_runs

    raise typer.Exit(list_runs(store=store, json=json))


@app.command()
def tools(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The pipeline's spec.")],
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME", help="Only this server.")
    ] = None,
    format: Annotated[
        checks.ListFormat, typer.Option("--format", "-f", help="How to print them.")
    ] = checks.ListFormat.TEXT,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write them to the files that 'definitions' names, instead of printing."
        ),
    ] = False,
) -> None:
    """Start the MCP servers of a spec, and list their tools with contracts and pins."""
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
        checks.ListFormat, typer.Option("--format", "-f", help="How to print what was found.")
    ] = checks.ListFormat.TEXT,
    store: StoreOption = None,
) -> None:
    """Tell what is there that runs need: exit 0 if nothing is in the way, 1 if something is."""
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
        typer.Option("--format", "-f", help="JSON Schemas, pydantic models or TypeScript types."),
    ] = ContractsFormat.JSON,
    allow_imports: ImportsOption = False,
) -> None:
    """Print all contracts of a spec, each with everything that it refers to."""
    from agentflow.cli.contracts import print_contracts

    raise typer.Exit(print_contracts(spec, format.value, imports=allow_imports))


@schema.command()
def config() -> None:
    """Print the JSON Schema of the configuration: agentflow.toml, or [tool.agentflow]."""
    from agentflow.cli.schema import print_configuration

    raise typer.Exit(print_configuration())
