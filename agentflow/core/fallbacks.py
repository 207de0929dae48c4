"""Another model in the place of one that failed: the `fallbacks` of `models`.

A failed model is replaced by the next of its chain at once, within the same attempt of the retry
policy: an attempt has failed when the last model of the chain has. The next model is tried if
another provider may do better. It is not tried if the request or the configuration is wrong
(`rejected`), which a fallback would only hide; nor if there is an answer that is not good enough,
which is for `repair` and `retry`. Nobody else is asked after an attempt that may have had an effect
which must not happen twice.

A fallback is passed over if it may be too small for the prompt. It is large enough if its window
is known and at least that of the model that failed, or if the prompt fits: by its bytes, since a
token is at least a byte, or by what was counted of it, with room for other tokenizers. After a
`context_overflow` it has to be larger, or the prompt has to fit.
"""

from math import ceil

from agentflow.core import events
from agentflow.core.events import Failure, Reason
from agentflow.core.spending import prompt_bytes
from agentflow.core.state import Instance, State
from agentflow.plan.calls import is_repeatable
from agentflow.plan.steps import ChatPlan
from agentflow.spec.model import FailureClass, Json

#: What another model may do better at.
MOVES_ON = frozenset(
    {
        FailureClass.NOT_SENT,
        FailureClass.RATE_LIMITED,
        FailureClass.SERVER_ERROR,
        FailureClass.TIMEOUT,
        FailureClass.CONTEXT_OVERFLOW,
    }
)

#: One tokenizer counts at least so much of what another one does.
_ALIKE = 0.7


def fall_back(state: State, instance: Instance, failure: Failure) -> events.FallBack | str | None:
    """The next model that is to be asked, or why none is; None if there is none to speak of."""
    call, left = instance.call, instance.fallbacks_left
    assert call is not None
    if not left or instance.scope.closed:
        return None
    if failure.kind not in MOVES_ON:
        return f"no other model is asked after '{failure.kind}'"
    if failure.kind.ambiguous and not is_repeatable(call):
        return f"no other model is asked: the effects of '{call.agent}' are '{call.effects}'"
    passed: list[str] = []
    for index, fallback in left:
        assert fallback.call.chat is not None
        why = _too_small(state, instance, fallback.call.chat, failure)
        if why is None:
            figures: dict[str, Json] = {"model": index + 2, "models": index + 1 + len(left)}
            if passed:
                figures["passed_over"] = passed
            return events.FallBack(
                step=instance.address,
                attempt=instance.attempt + 1,
                fallback=index,
                model=fallback.name,
                reason=Reason(fallback.rule, f"{failure.kind}: {failure.message}", figures),
            )
        passed.append(f"'{fallback.name}': {why}")
    return f"no other model is asked: {'; '.join(passed)}"


def _too_small(state: State, instance: Instance, chat: ChatPlan, failure: Failure) -> str | None:
    """Why a model may be too small for what one was asked that failed; None if it is not."""
    call, intent = instance.call, instance.intent
    assert call is not None
    assert call.chat is not None
    assert intent is not None
    overflow = failure.kind is FailureClass.CONTEXT_OVERFLOW
    window, failed = window_of(state, chat), window_of(state, call.chat)
    if window is None:
        return "its window is not known" if overflow else None
    if failed is not None and (window > failed or (window == failed and not overflow)):
        return None
    prompt = prompt_bytes(instance, chat, dict(intent.input))
    if instance.counted is not None:
        prompt = min(prompt, ceil(instance.counted / _ALIKE))
    needed = prompt + (chat.max_output_tokens or 0)
    if needed <= window:
        return None
    return f"its window of {window:,} tokens may be too small for {needed:,}"


def window_of(state: State, chat: ChatPlan) -> int | None:
    """The window of a model in tokens: the spec's, or what the run recorded."""
    return chat.window if chat.window is not None else state.windows.get(chat.model)
