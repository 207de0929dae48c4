"""Facts and decisions as plain data, as the JSON formats print them."""

from msgspec import to_builtins

from agentflow.core.events import Event
from agentflow.spec.model import Json


def event_data(event: Event) -> dict[str, Json]:
    """An event with its kind and all its fields, those with their defaults included."""
    return {"kind": type(event).__name__, **to_builtins(event)}
