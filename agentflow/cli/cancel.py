"""`agentflow cancel`: end a run for good."""

from pathlib import Path

from agentflow.cancelling import cancel
from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store, user_name
from agentflow.errors import ExitCode
from agentflow.formats import cancel_json, cancel_text


def cancel_run(
    run_id: str, *, by: str | None, reason: str | None, store: Path | None, json: bool
) -> int:
    """End a run and print what became of it; gives the exit code."""
    where = existing_store(store)
    run_id = where.find(run_id)
    outcome = cancel(where, run_id, by=by or user_name(), why=reason)
    if outcome.trace is None:
        emit(cancel_json.removed(run_id) if json else cancel_text.removed(run_id))
        return ExitCode.OK
    render = cancel_json.render if json else cancel_text.render
    emit(render(outcome.trace, outcome.busy))
    return ExitCode.OK if outcome.trace.status == "cancelled" else ExitCode.FINDINGS
