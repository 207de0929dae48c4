"""How a run ended, for programs. Format 1; the schema is `schemas/run.v1.schema.json`."""

from agentflow.errors import LostCall, StoreError
from agentflow.formats.asked import open_question
from agentflow.formats.inbox_json import questions_data
from agentflow.formats.trace_json import failure_data, unknown_data
from agentflow.formats.values import document
from agentflow.spec.model import Json
from agentflow.trace import Trace

FORMAT = 1


def render(trace: Trace, store: str, problem: StoreError | None = None) -> str:
    """One JSON object: run, status, outputs, failure, usage.

    `problem` is why the log could not be written any more; then this is how far it goes. Where it
    could not even be made, there is no run.
    """
    lost = problem.lost if problem is not None else ()
    return document(
        {
            "format": FORMAT,
            "run": trace.run_id or None,
            "pipeline": trace.plan.pipeline.name,
            "mode": trace.mode,
            "status": trace.status if problem is None else _broken_off(trace),
            "outputs": trace.outputs,
            "failure": failure_data(trace.failure),
            "unknown": unknown_data(trace),
            "problem": problem and {"message": problem.message, "help": problem.help},
            "lost": [_lost(call) for call in lost],
            "seconds": round(trace.now - trace.started, 3),
            "calls": trace.calls,
            "retries": trace.retries,
            "waiting": questions_data(
                (
                    open_question(trace.run_id, trace.plan, asked.question)
                    for asked in trace.waiting()
                ),
                trace.now,
            ),
            "store": store,
        }
    )


def _broken_off(trace: Trace) -> str:
    """A run at rest that could not be taken up stays at rest."""
    if trace.status is None:
        return "not_started"
    return trace.status if trace.status in ("waiting", "interrupted") else "crashed"


def _lost(call: LostCall) -> Json:
    return {
        "step": call.step,
        "attempt": call.attempt,
        "agent": call.agent,
        "effects": call.effects,
        "idempotency_key": call.key,
        "outcome": call.outcome,
    }
