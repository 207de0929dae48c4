"""`agentflow runs`: what is in the store."""

from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store
from agentflow.errors import ExitCode
from agentflow.formats import runs_json, runs_text
from agentflow.history import summaries


def list_runs(*, store: Path | None, json: bool) -> int:
    """Print a line for each run, the newest first; gives the exit code."""
    where = existing_store(store)
    found = list(summaries(where))
    emit(runs_json.render(found) if json else runs_text.render(found, str(where.root)))
    return ExitCode.OK
