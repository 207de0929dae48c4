"""A run whose log cannot be written any more: what was done, and is not on record."""

from collections.abc import Iterator
from pathlib import Path

from agentflow.cli.report import emit
from agentflow.errors import LostCall, StoreError
from agentflow.formats import lost_text, run_json
from agentflow.trace import Trace


def broke_off(error: StoreError, trace: Trace | None, store: Path, *, json: bool) -> StoreError:
    """The error with all that has to be known of the run; as JSON it is printed, too.

    `trace` is how far the log goes; None of a run that cannot even be read.
    """
    if trace is None:
        return error
    if trace.status is None:
        if json:
            _print(trace, store, error)
        return error
    place = store / "runs" / trace.run_id
    told = error if place.is_dir() else _gone(error, trace, place)
    told.details = tuple(lost_text.lines(told.lost))
    if json:
        _print(trace, store, told)
    return told


def _print(trace: Trace, store: Path, error: StoreError) -> None:
    emit(run_json.render(trace, str(store), error))
    error.in_document = True


def _gone(error: StoreError, trace: Trace, place: Path) -> StoreError:
    """The log has disappeared: nothing of the run is on record in this place any more."""
    told = StoreError(
        f"'{place}' was removed or moved while the run was going on, and its log with it ({error.message})",
        help=(
            "if it was moved, put it back and resume the run; else it cannot be resumed,"
            " and a new run does again what this one has done: check that first"
        ),
    )
    told.lost = (*error.lost, *_done(trace, {call.step for call in error.lost}))
    return told


def _done(trace: Trace, named: set[str]) -> Iterator[LostCall]:
    """The run's calls that may have changed the world, apart from those already named."""
    for span in trace.spans():
        if not span.attempts or span.address in named:
            continue
        call = trace.call_of(span)
        if call is not None and not call.effects.repeatable:
            yield LostCall(
                span.address, span.attempts, call.agent, str(call.effects), span.key, span.status
            )
