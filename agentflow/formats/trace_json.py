"""A trace for programs, as a tree. Format 1; the schema is `schemas/trace.v1.schema.json`.

Times are seconds since 1970 in UTC, and null for what has not come yet.
"""

from msgspec import to_builtins

from agentflow.core.events import CancelRequested, Failure, Notify
from agentflow.core.state import ENDED_RUN
from agentflow.errors import LogDamaged
from agentflow.formats.usage import used
from agentflow.formats.values import document
from agentflow.spec.model import Json
from agentflow.trace import Asked, Span, Trace

FORMAT = 1


def render(
    trace: Trace, request: CancelRequested | None = None, damage: LogDamaged | None = None
) -> str:
    """One JSON object: the run, and its steps with what is inside them.

    `request` is one to end the run that is not in the log yet, `damage` what hides the end of the
    log.
    """
    return document(data_of(trace, request, damage))


def data_of(
    trace: Trace, request: CancelRequested | None = None, damage: LogDamaged | None = None
) -> Json:
    """A trace as plain data."""
    sums = used(trace.steps.values())
    ended = trace.status in ENDED_RUN
    pending = None if ended else request
    return {
        "format": FORMAT,
        "run": trace.run_id,
        "pipeline": trace.plan.pipeline.name,
        "mode": trace.mode,
        "by": trace.by,
        "status": trace.status,
        "damage": damage_data(damage),
        "started": trace.started,
        "ended": trace.now if ended else None,
        "entries": trace.entries,
        "calls": trace.calls,
        "retries": trace.retries,
        "repairs": trace.repairs,
        "resumed": trace.resumed,
        "signal": trace.signal,
        "stopped": trace.stopped,
        "cancelled": None if trace.cancelled is None else to_builtins(trace.cancelled),
        "cancel_requested": None if pending is None else to_builtins(pending),
        "tokens": sums.tokens,
        "usd": sums.usd,
        "unpriced_tokens": sums.unpriced,
        "uncounted_answers": sums.uncounted,
        "outputs": trace.outputs,
        "spent": trace.spent,
        "gates": [to_builtins(gate) for gate in trace.gates.values()],
        "failure": failure_data(trace.failure),
        "refused": [to_builtins(refused) for refused in trace.refused],
        "accepted_tools": [to_builtins(tool) for tool in trace.accepted],
        "unknown": unknown_data(trace),
        "untold": [_notice(notice) for notice in trace.untold.values()],
        "steps": [_span(span) for span in trace.steps.values()],
    }


def failure_data(failure: Failure | None) -> Json:
    """A failure as plain data."""
    if failure is None:
        return None
    return {
        "kind": str(failure.kind),
        "message": failure.message,
        "cause": failure.cause and str(failure.cause),
    }


def damage_data(damage: LogDamaged | None) -> Json:
    """What is wrong with a log, and the first entry that cannot be trusted."""
    return None if damage is None else {"entry": damage.seq, "message": damage.message}


def unknown_data(trace: Trace) -> list[Json]:
    """The steps of which nobody knows whether they had their effect, for whoever has to check."""
    return [
        {"step": span.address, "why": span.unknown, "idempotency_key": span.key}
        for span in trace.unknown()
    ]


def _span(span: Span) -> Json:
    return {
        "address": span.address,
        "name": span.name,
        "agent": span.agent,
        "pipeline": span.pipeline,
        "status": span.status,
        "started": span.started,
        "ended": span.ended,
        "attempts": span.attempts,
        "idempotency_key": span.key,
        "items": span.items,
        "item": span.item,
        "iterations": span.iterations,
        "turns": span.turns,
        "case": span.case,
        "reason": span.reason,
        "unknown": span.unknown,
        "no_more": span.no_more,
        "notes": span.notes,
        "asked": [_asked(asked) for asked in span.asked],
        "model": span.model,
        "tokens": span.tokens,
        "usd": span.usd,
        "steps": [_span(child) for child in span.children.values()],
    }


def _notice(notice: Notify) -> Json:
    return {
        "step": notice.step,
        "message": notice.message,
        "channel": notice.channel,
        "who": notice.who,
        "text": notice.text,
    }


def _asked(asked: Asked) -> Json:
    question = asked.question
    return {
        "question": question.question,
        "channel": question.channel,
        "who": question.who,
        "ask": question.ask,
        "asked": question.asked,
        "due": question.due,
        "delivered": asked.delivered,
        "problem": asked.problem,
        "closed": asked.closed,
        "by": asked.by,
        "said": asked.said,
        "at": asked.at,
    }
