"""An output contract as a chat model's response format.

Providers that support it take a JSON Schema whose root is an object. What a provider enforces of it is
sent as its strict form; a contract that has none is sent all the same, as a request instead of a
guarantee. The answer is checked in any case.
"""

from collections.abc import Mapping
from typing import Any

from agentflow.plan.enforced import enforced
from agentflow.spec.model import Json


def response_format(schema: Mapping[str, Json] | bool, model: str) -> dict[str, Any] | None:
    """The `response_format` of a request; None if the contract's root is not an object."""
    if isinstance(schema, bool) or schema.get("type") != "object":
        return None
    form = enforced(schema, model)
    sent = dict(schema) if form is None else form.schema
    return {
        "type": "json_schema",
        "json_schema": {"name": "output", "schema": sent, "strict": form is not None},
    }


def says_all(schema: Mapping[str, Json] | bool, model: str) -> bool:
    """Does the response format hold all that the contract says?"""
    form = enforced(schema, model)
    return form is None or not form.lost
