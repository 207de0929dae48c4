"""`agentflow replay`: decide again over a log and say whether it comes out the same."""

import sys
from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store
from agentflow.cli.tracing import print_trace
from agentflow.errors import ExitCode
from agentflow.formats import replay_json, replay_text
from agentflow.history import read_run
from agentflow.loading import load, runnable
from agentflow.replay import replay
from agentflow.trace import trace_of


def replay_run(
    run_id: str, *, spec: Path | None, store: Path | None, quiet: bool, json: bool
) -> int:
    """Replay a run, print its trace again and the verdict; gives the exit code."""
    where = existing_store(store)
    recorded = read_run(where, where.find(run_id))
    plan = recorded.plan
    if spec is not None:
        plan = runnable(load(spec, recorded=recorded.started.sources))
    trace = trace_of(recorded.plan, recorded.entries)
    replayed = replay(plan, recorded.entries, reasons_matter=spec is None)
    if json:
        emit(replay_json.render(replayed, trace, plan.pipeline.name))
    else:
        if not quiet:
            print_trace(trace, sys.stdout)
        emit(replay_text.render(replayed, trace, plan.pipeline.name))
    return ExitCode.OK if replayed.divergence is None else ExitCode.FINDINGS
