"""The chains of models: which ones take over for one that fails, in which order."""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from agentflow.plan.contracts import ContractPlan
from agentflow.plan.steps import CallPlan, ChatPlan, FallbackPlan
from agentflow.spec.model import Agent, Model

#: What is known of the calls of an agent with this output contract.
ChatFor = Callable[[Agent, ContractPlan], ChatPlan | None]


def chain(model: str, models: Mapping[str, Model]) -> Iterator[tuple[str, str]]:
    """The models after one, each once: the name in the spec, and where it stands.

    The fallbacks of a fallback come right after it.
    """
    seen = {model}
    pending = [iter(_written(model, models))]
    while pending:
        following = next(pending[-1], None)
        if following is None:
            pending.pop()
        elif following[0] not in seen:
            seen.add(following[0])
            yield following
            pending.append(iter(_written(following[0], models)))


def _written(model: str, models: Mapping[str, Model]) -> Iterator[tuple[str, str]]:
    if model in models:
        for index, name in enumerate(models[model].fallbacks):
            yield name, f"models.{model}.fallbacks[{index}]"


def with_fallbacks(call: CallPlan, models: Mapping[str, Model], chat_for: ChatFor) -> CallPlan:
    """The call with its fallbacks, which are on the same terms."""
    name = getattr(call.options, "model", None)
    if not isinstance(name, str) or name not in models:
        return replace(call, fallbacks=()) if call.fallbacks else call
    fallbacks = []
    for other, rule in chain(name, models):
        options = replace(call.options, model=other)
        chat = chat_for(options, call.output)
        instead = replace(call, options=options, chat=chat, fallbacks=())
        fallbacks.append(FallbackPlan(other, rule, instead))
    return replace(call, fallbacks=tuple(fallbacks))
