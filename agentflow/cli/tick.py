"""`agentflow tick`: what is due in runs that wait takes effect, and they go on."""

from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store
from agentflow.errors import ExitCode
from agentflow.formats import tick_json, tick_text
from agentflow.waiting import tick


def tick_runs(*, as_started: bool, store: Path | None, json: bool) -> int:
    """Take up the runs that can go on, and print what came of each; gives the exit code."""
    done = [
        (one.run_id, one.status, one.problem)
        for one in tick(existing_store(store), as_started=as_started)
    ]
    emit((tick_json if json else tick_text).render(done))
    if any(status is None for _, status, _ in done):
        return ExitCode.COULD_NOT
    failed = any(status in ("failed", "cancelled") for _, status, _ in done)
    return ExitCode.FINDINGS if failed else ExitCode.OK
