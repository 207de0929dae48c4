"""`agentflow show`: a run as it stands, or all that is known of one of its steps."""

import sys
import time
from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store, store_option
from agentflow.cli.tracing import print_trace
from agentflow.engines.requests import pending_request
from agentflow.errors import ExitCode, UsageError
from agentflow.eventlog import Store
from agentflow.formats import run_text, show_text, step_json, step_text, trace_json
from agentflow.history import Recorded, read_intact
from agentflow.spec.phrases import listed
from agentflow.spec.wording import did_you_mean
from agentflow.trace import Trace, trace_of
from agentflow.trace.context import contexts


def show_run(
    run_id: str,
    *,
    step: str | None,
    store: Path | None,
    json: bool,
    prompt: bool = False,
    attempt: int | None = None,
) -> int:
    """Print a run, a step of it, or what a chat model saw in an attempt; gives the exit code."""
    if step is None and prompt:
        raise UsageError("'--prompt' is about a step: say which one with '--step'")
    if attempt is not None and not prompt:
        raise UsageError("'--attempt' belongs to '--prompt'")
    where = existing_store(store)
    recorded = read_intact(where, where.find(run_id))
    trace = trace_of(recorded.plan, recorded.entries)
    if recorded.damage is not None:
        trace.damaged = recorded.damage.seq
    if step is not None:
        _show_step(recorded, trace, step, json=json, prompt=prompt, attempt=attempt)
    else:
        _show_trace(recorded, trace, where, store_option(store), json=json)
    if recorded.damage is not None:
        recorded.damage.in_document = True
        raise recorded.damage
    return ExitCode.OK


def _show_trace(recorded: Recorded, trace: Trace, where: Store, option: str, *, json: bool) -> None:
    request = pending_request(where.mailbox(trace.run_id))
    if json:
        emit(trace_json.render(trace, request, recorded.damage))
        return
    print_trace(trace, sys.stdout, now=time.time() if recorded.holder else None)
    text = show_text.render(
        trace,
        holder=recorded.holder,
        request=request,
        damage=recorded.damage,
        option=option,
        limit=run_text.LIMIT if sys.stdout.isatty() else None,
    )
    if text:
        emit(text)


def _show_step(
    recorded: Recorded, trace: Trace, step: str, *, json: bool, prompt: bool, attempt: int | None
) -> None:
    entries = recorded.entries
    given = contexts(recorded.plan, entries, step)
    text = step_text.render(entries, step, given)
    if not text and recorded.damage is not None:
        raise recorded.damage
    if not text:
        addresses = [span.address for span in trace.spans()]
        if step in addresses:
            raise UsageError(f"run '{trace.run_id}' has not come to step '{step}'")
        near = did_you_mean(step, addresses)
        raise UsageError(
            f"run '{trace.run_id}' has nothing of a step '{step}'{near}",
            help=f"its steps are: {listed(addresses)}" if addresses and not near else None,
        )
    if prompt:
        from agentflow.cli.prompts import prompt as prompt_of

        emit(prompt_of(trace.run_id, entries, step, attempt, json=json))
    elif json:
        emit(step_json.render(entries, trace.run_id, step, given, recorded.damage))
    else:
        emit(text)
