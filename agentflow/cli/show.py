"""`agentflow show`: a run as it stands, or all that is known of one of its steps."""

import sys
import time
from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import open_store, store_option
from agentflow.cli.tracing import print_trace
from agentflow.errors import ExitCode, UsageError
from agentflow.formats import run_text, step_json, step_text, trace_json
from agentflow.runs import read_run
from agentflow.spec.wording import did_you_mean
from agentflow.trace import trace_of


def show_run(run_id: str, *, step: str | None, store: Path | None, json: bool) -> int:
    """Print a run; gives the exit code."""
    where = open_store(store)
    recorded = read_run(where, where.find(run_id))
    trace = trace_of(recorded.plan, recorded.entries)
    if step is not None:
        text = step_text.render(recorded.entries, step)
        if not text:
            known = [span.address for span in trace.spans()]
            near = did_you_mean(step, known)
            raise UsageError(f"run '{trace.run_id}' has nothing of a step '{step}'{near}")
        emit(step_json.render(recorded.entries, trace.run_id, step) if json else text)
    elif json:
        emit(trace_json.render(trace))
    else:
        print_trace(trace, sys.stdout, now=time.time() if recorded.live else None)
        if trace.status == "running" and not recorded.live:
            emit(f"its process died; go on with: agentflow resume {trace.run_id}")
        else:
            emit(run_text.render(trace, str(where.root), brief=True, option=store_option(store)))
    return ExitCode.OK
