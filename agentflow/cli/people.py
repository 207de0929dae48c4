"""The commands by which people take part in runs, and their options."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from agentflow.cli.options import JsonOption, RunArgument, StoreOption, one_of, words


class Answer(enum.StrEnum):
    """What can be said to a question."""

    APPROVE = "approve"
    REPLACE = "replace"
    RETRY = "retry"
    ABORT = "abort"


def inbox(store: StoreOption = None, json: JsonOption = False) -> None:
    """List the questions that wait for people.

    Over all runs, those that are due first. Exit 3: the store or a run in it cannot be read.
    """
    from agentflow.cli.inbox import list_questions

    raise typer.Exit(list_questions(store=store, json=json))


def tick(
    as_started: Annotated[
        bool,
        typer.Option("--as-started", help="Go on although files of a spec have changed since."),
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with every run that waits and has something due.

    For cron, or a timer. Exit 1: a run failed, or was cancelled. Exit 3: the store or a run in it
    cannot be used.
    """
    from agentflow.cli.tick import tick_runs

    raise typer.Exit(tick_runs(as_started=as_started, store=store, json=json))


def answer(
    run_id: RunArgument,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="The step that asks, by its address.")
    ],
    said: Annotated[
        Answer,
        typer.Argument(
            parser=one_of(Answer), metavar="ANSWER", help="approve, replace, retry or abort."
        ),
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
        str | None,
        typer.Option(
            "--by", metavar="NAME", callback=words, help="Who answers; by default your user."
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", callback=words, help="Why.")
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Answer the question of a step.

    Exit 1: the answer does not count, or not yet. Exit 2: there is no such run or question, or the
    value makes no sense. Exit 3: the store or a file cannot be used.
    """
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


def receive(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any that is free.")
    ] = 8377,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address of this machine.")
    ] = "127.0.0.1",
    store: StoreOption = None,
) -> None:
    """Take in signed answers over HTTP, until a signal comes.

    They are put into their runs. Exit 3: the address or the store cannot be used.
    """
    from agentflow.cli.receive import receive_answers

    raise typer.Exit(receive_answers(host=host, port=port, store=store))


def cancel(
    run_id: RunArgument,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="NAME", callback=words, help="Who cancels; by default your user."
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", callback=words, help="Why.")
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """End a run for good.

    Exit 1: it is not cancelled, or not yet. Exit 2: there is no such run, or it has ended. Exit 3:
    the store cannot be used.
    """
    from agentflow.cli.cancel import cancel_run

    raise typer.Exit(cancel_run(run_id, by=by, reason=reason, store=store, json=json))
