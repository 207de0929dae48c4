"""How a chat model is given its contract, and how far its provider holds it to that."""

from typing import Literal

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.plan.dialects import Manner
from agentflow.plan.enforced_schemas import enforced, why_not_strict


class Held(Struct, frozen=True):
    """How a model is given a contract:

        enforced    the provider allows nothing else, except for the keywords that are `lost`
        asked       as the response format, which is no more than a wish
        sent        as the response format; what the provider makes of it is not known
        tool        as the arguments of a tool that the model has to call
        told        in words

    `why` it is not better, if that is because of the contract or of the agent.
    """

    given: Literal["enforced", "asked", "sent", "tool", "told"]
    lost: tuple[str, ...] = ()
    why: str | None = None


def held(contract: Schema, manner: Manner, *, has_tools: bool) -> Held:
    """How a model is given a contract that it can be given in a manner."""
    if isinstance(contract, bool) or contract.get("type") != "object":
        return Held("told", why="it is not that of an object")
    match manner:
        case Manner.WORDS:
            return Held("told")
        case Manner.TOOL if has_tools:
            return Held("told", why="the model has tools of its own")
        case Manner.TOOL:
            return Held("tool")
        case Manner.ASKED:
            return Held("asked")
        case Manner.SENT:
            return Held("sent")
    form = enforced(contract, manner)
    if form is None:
        return Held("asked", why=why_not_strict(contract))
    return Held("enforced", form.lost)
