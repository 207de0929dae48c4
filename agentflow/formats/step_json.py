"""Everything that a log says about one step, for programs. Format 1; `schemas/step.v1.schema.json`."""

from collections.abc import Iterable, Mapping

from msgspec import to_builtins

from agentflow.core.events import Entry
from agentflow.errors import LogDamaged
from agentflow.formats.event_data import event_data
from agentflow.formats.trace_json import damage_data
from agentflow.formats.values import document
from agentflow.trace.context import Context

FORMAT = 1
_NONE: Mapping[int, Context] = {}


def render(
    entries: Iterable[Entry],
    run_id: str,
    step: str,
    given: Mapping[int, Context] = _NONE,
    damage: LogDamaged | None = None,
) -> str:
    """One JSON object: the facts and decisions about the step at an address, in log order.

    `given` is what its attempts were given of what they could have read, by their numbers.
    `damage` is what hides the end of the log.
    """
    found = [
        {"entry": entry.seq, "at": entry.fact.at, **event_data(event)}
        for entry in entries
        for event in (entry.fact, *entry.decisions)
        if getattr(event, "step", None) == step
    ]
    contexts = [{"attempt": number, **to_builtins(context)} for number, context in given.items()]
    about = {"format": FORMAT, "run": run_id, "step": step, "damage": damage_data(damage)}
    return document({**about, "contexts": contexts, "events": found})
