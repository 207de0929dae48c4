"""An output contract as a chat model's response format.

Providers that support it take a JSON Schema whose root is an object. If a contract has a strict
form, which the provider enforces, that is sent; if not, the contract is sent all the same, as a
request instead of a guarantee. The answer is checked in any case.
"""

from collections.abc import Mapping
from typing import Any

from agentflow.plan.dialects import Manner
from agentflow.plan.enforced_schemas import enforced
from agentflow.spec.model import Json


def response_format(
    schema: Mapping[str, Json] | bool, manner: Manner, *, has_tools: bool
) -> dict[str, Any] | None:
    """The `response_format` of a request; None if the contract is to be told in words.

    That is so if its root is not an object, or the model takes none. A model that has tools of its
    own is not given it as one more: LiteLLM would make the model call that one at once.
    """
    if isinstance(schema, bool) or schema.get("type") != "object" or manner is Manner.WORDS:
        return None
    if manner is Manner.TOOL and has_tools:
        return None
    form = enforced(schema, manner)
    sent = dict(schema) if form is None else form.schema
    strict = form is not None and form.strict
    return {
        "type": "json_schema",
        "json_schema": {"name": "output", "schema": sent, "strict": strict},
    }


def says_all(schema: Mapping[str, Json] | bool, manner: Manner) -> bool:
    """Does the model read all that the contract says in the response format?"""
    form = enforced(schema, manner)
    return form is None or form.noted or not form.lost
