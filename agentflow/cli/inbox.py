"""`agentflow inbox`: what waits for people, over all runs."""

import sys
import time
from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store, store_option
from agentflow.errors import ExitCode
from agentflow.formats import inbox_json, inbox_text
from agentflow.formats.safe import safe
from agentflow.waiting import open_questions


def list_questions(*, store: Path | None, json: bool) -> int:
    """Print the open questions, those that are due first; gives the exit code.

    Runs that somebody has to resume are named as well. One that is damaged may wait for somebody,
    too: that is said on stderr.
    """
    found = open_questions(existing_store(store))
    questions = [waiting.open for waiting in found.questions]
    answered = {one.open.question.question for one in found.questions if one.answered}
    left = [(run.run_id, run.status) for run in found.left]
    now = time.time()
    if json:
        emit(inbox_json.render(questions, now, answered, left))
    else:
        emit(inbox_text.render(questions, now, store_option(store), answered, left))
    for run in found.damaged:
        problem = safe(str(run.problem), oneline=True)
        emit(f"error: run '{run.run_id}' may have questions, too: {problem}", sys.stderr)
    return ExitCode.COULD_NOT if found.damaged else ExitCode.OK
