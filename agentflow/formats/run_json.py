"""How a run ended, for programs. Format 1; the schema is `schemas/run.v1.schema.json`."""

from agentflow.formats.inbox_json import questions_data
from agentflow.formats.trace_json import failure_data, unknown_data
from agentflow.formats.values import document
from agentflow.trace import Trace

FORMAT = 1


def render(trace: Trace, store: str) -> str:
    """One JSON object: run, status, outputs, failure, usage."""
    return document(
        {
            "format": FORMAT,
            "run": trace.run_id,
            "pipeline": trace.plan.pipeline.name,
            "mode": trace.mode,
            "status": trace.status,
            "outputs": trace.outputs,
            "failure": failure_data(trace.failure),
            "unknown": unknown_data(trace),
            "seconds": round(trace.now - trace.started, 3),
            "calls": trace.calls,
            "retries": trace.retries,
            "waiting": questions_data(
                ((trace.run_id, asked.question) for asked in trace.waiting()), trace.now
            ),
            "store": store,
        }
    )
