"""The commands that carry runs out and look at them, and their options."""

from pathlib import Path
from typing import Annotated

import typer

from agentflow.cli.options import (
    Durability,
    DurabilityOption,
    JsonOption,
    QuietOption,
    RunArgument,
    StoreOption,
    WaitOption,
    words,
)

InputOption = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", metavar="NAME=VALUE", help="An input; may be given many times."),
]
InputsOption = Annotated[
    Path | None,
    typer.Option("--inputs", metavar="FILE", help="Inputs as a JSON or YAML file, - for stdin."),
]
SimulateOption = Annotated[
    bool,
    typer.Option(
        "--simulate", help="Call nothing: answers are made up from the contracts, in virtual time."
    ),
]
RecordOption = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Keep the answers of chat models in a file."),
]
PlaybackOption = Annotated[
    Path | None,
    typer.Option(
        "--playback",
        metavar="FILE",
        help="Call no chat model: their answers come from a file that '--record' made.",
    ),
]
ConcurrencyOption = Annotated[
    int, typer.Option("--concurrency", "-c", min=1, max=1024, help="Attempts at a time.")
]


def run(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The pipeline's spec.")],
    input_: InputOption = None,
    inputs: InputsOption = None,
    simulate: SimulateOption = False,
    seed: Annotated[str, typer.Option(help="What made-up answers depend on.")] = "0",
    record: RecordOption = None,
    playback: PlaybackOption = None,
    concurrency: ConcurrencyOption = 16,
    durability: DurabilityOption = Durability.PROCESS,
    wait: WaitOption = False,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="NAME", callback=words, help="Who starts it; by default your user."
        ),
    ] = None,
    store: StoreOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Run a pipeline.

    Exit 1: it failed, or the spec has errors. Exit 2: the call or the inputs make no sense. Exit 3:
    a file, the store or a secret is not there or cannot be used. Exit 4: it waits for people.
    Exit 5: it was cancelled.
    """
    from agentflow.cli.run import Terms, run_spec
    from agentflow.engines.launch import Settings

    settings = Settings(
        simulate=simulate,
        seed=seed,
        concurrency=concurrency,
        wait=wait,
        by=by,
        record=record,
        playback=playback,
    )
    terms = Terms(store, durability.value, quiet=quiet, json=json)
    raise typer.Exit(run_spec(spec, input_ or [], inputs, settings, terms))


def resume(
    run_id: RunArgument,
    as_started: Annotated[
        bool,
        typer.Option("--as-started", help="Go on although files of the spec have changed since."),
    ] = False,
    accept_tools: Annotated[
        bool,
        typer.Option("--accept-tools", help="Go on with tools of servers that have changed since."),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="NAME",
            callback=words,
            help="Who accepts the tools; by default your user.",
        ),
    ] = None,
    durability: DurabilityOption = Durability.PROCESS,
    wait: WaitOption = False,
    store: StoreOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Go on with a run that waits, or was interrupted.

    Also with one whose process died. Exit 1: it failed. Exit 2: there is no such run, or it cannot
    be resumed. Exit 3: its files have changed, or it cannot be read or written. Exit 4: it waits
    for people. Exit 5: it was cancelled.
    """
    from agentflow.cli.run import Terms, resume_run
    from agentflow.engines.launch import Settings

    settings = Settings(wait=wait, by=by, accept_tools=accept_tools)
    terms = Terms(store, durability.value, quiet=quiet, json=json)
    raise typer.Exit(resume_run(run_id, settings, terms, as_started=as_started))


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
    """Decide again over a run's log, calling nothing.

    Exit 1: what is decided differs, or the spec has errors. Exit 2: there is no such run. Exit 3:
    the log is damaged, or a file cannot be read.
    """
    from agentflow.cli.replay import replay_run

    raise typer.Exit(replay_run(run_id, spec=spec, store=store, quiet=quiet, json=json))


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
    """Show a run: its trace, or all that is known of one step.

    It may be going on meanwhile. Exit 2: there is no such run or step. Exit 3: the log is damaged,
    or the store cannot be read.
    """
    from agentflow.cli.show import show_run

    raise typer.Exit(
        show_run(run_id, step=step, store=store, json=json, prompt=prompt, attempt=attempt)
    )


def runs(store: StoreOption = None, json: JsonOption = False) -> None:
    """List the runs in the store, the newest first.

    Exit 3: the store cannot be read.
    """
    from agentflow.cli.runs import list_runs

    raise typer.Exit(list_runs(store=store, json=json))
