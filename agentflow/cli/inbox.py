"""`agentflow inbox`: what waits for people, over all runs."""

from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import open_store, store_option
from agentflow.errors import ExitCode
from agentflow.formats import inbox_json, inbox_text
from agentflow.waiting import open_questions


def list_questions(*, store: Path | None, json: bool) -> int:
    """Print the open questions, those that are due first; gives the exit code."""
    found = open_questions(open_store(store))
    questions = [(waiting.run_id, waiting.question) for waiting in found]
    if json:
        emit(inbox_json.render(questions))
    else:
        emit(inbox_text.render(questions, store_option(store)))
    return ExitCode.OK
