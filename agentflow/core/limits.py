"""How much of a chat model is used at a time and in a minute: the `limits` of `models`.

A call that would be beyond a limit of its model is held back before it starts. So its timeout has
not begun, it takes none of the run's slots, and calls of other models pass it by. Calls that are
held back for a model stand in its queue, first in, first out. The first has a timer if only time
helps it, or else is tried again when a call of its model ends; all others wait for the one before.

The minute is the last sixty seconds. A call counts in it from its start, or from when its request
leaves, where that is known to be later (a library is imported first, other runs are in the way):
with the tokens that it may use at most (see `core.spending`) while it is in flight, and with those
that it did use afterwards. A call that is too large for any minute starts when there is nothing
else in the last one.
"""

from agentflow.core import events
from agentflow.core.events import Reason, StartAttempt, Usage
from agentflow.core.spending import prompt_bytes
from agentflow.core.state import Instance, State
from agentflow.core.traffic import Begun, Traffic
from agentflow.plan.steps import CallPlan, ChatPlan
from agentflow.spec.model import UNDONE, FailureClass, Json


def hold_back(
    state: State, instance: Instance, call: CallPlan, given: Json
) -> events.HoldBack | None:
    """Why a call may not start yet by the limits of its model; None if it may."""
    chat = call.chat
    if chat is None or chat.limits is None or state.played:
        return None
    traffic = state.traffic.get(chat.model)
    if traffic is None:
        return None
    rule = f"models.{getattr(call.options, 'model', chat.model)}.limits"
    if traffic.queue and instance.queued_for is None:
        figures: dict[str, Json] = {"waiting": len(traffic.queue)}
        text = f"other calls wait for '{chat.model}'"
        return events.HoldBack(instance.address, chat.model, None, Reason(rule, text, figures))
    limits, now = chat.limits, state.now
    if limits.concurrency is not None and traffic.running >= limits.concurrency:
        figures = {"in_flight": traffic.running, "concurrency": limits.concurrency}
        text = f"{traffic.running} calls of '{chat.model}' are in flight"
        reason = Reason(f"{rule}.concurrency", text, figures)
        return events.HoldBack(instance.address, chat.model, None, reason)
    for what, most, wanted in (
        ("requests", limits.requests_per_minute, 1),
        ("tokens", limits.tokens_per_minute, tokens_of(instance, chat, given)),
    ):
        due = traffic.room_at(now, what, most, wanted) if most is not None else now
        if due > now:
            used = traffic.used(now, what)
            figures = {f"{what}_per_minute": most, "used": used, "wanted": wanted}
            text = f"{used:,} {what} to '{chat.model}' in the last minute"
            reason = Reason(f"{rule}.{what}_per_minute", text, figures)
            return events.HoldBack(instance.address, chat.model, due, reason)
    return None


def tokens_of(instance: Instance, chat: ChatPlan, given: Json) -> int:
    """The tokens that a call may use at most, as far as its model bounds them."""
    if chat.limits is None or chat.limits.tokens_per_minute is None:
        return 0
    return prompt_bytes(instance, chat, given) + (chat.max_output_tokens or 0)


# --- what happens to the state -------------------------------------------------------------


def queue(state: State, instance: Instance, event: events.HoldBack) -> None:
    """Put a call that is held back into the queue of its model; a first one stays the first."""
    traffic = state.traffic[event.model]
    if instance.queued_for is not None:
        traffic.queue.appendleft(instance)
    else:
        traffic.queue.append(instance)
    instance.queued_for = event.model
    instance.due = event.until
    if event.until is not None:
        state.waiting[instance.address] = instance


def begin(state: State, instance: Instance, event: StartAttempt) -> None:
    """A call starts: it counts for its model, and the next in the queue may be tried."""
    chat = instance.call.chat if instance.call is not None else None
    instance.queued_for = None
    if chat is None or chat.limits is None:
        return
    traffic = state.traffic.setdefault(chat.model, Traffic())
    traffic.forget(state.now)
    traffic.running += 1
    instance.begun = Begun(state.now, tokens_of(instance, chat, dict(event.input)))
    traffic.minute.append(instance.begun)
    _try_next(state, traffic)


def leaves(state: State, instance: Instance) -> None:
    """A call that has started leaves now: its minute begins."""
    chat = instance.call.chat if instance.call is not None else None
    if instance.begun is not None and chat is not None:
        state.traffic[chat.model].put_off(instance.begun, state.now)


def over(
    state: State, instance: Instance, usage: Usage | None, failure: FailureClass | None
) -> None:
    """A call has ended, with what it used up."""
    begun, instance.begun = instance.begun, None
    chat = instance.call.chat if instance.call is not None else None
    if begun is None or chat is None:
        return
    traffic = state.traffic[chat.model]
    traffic.running -= 1
    if usage is not None:
        begun.tokens = usage.tokens_in + usage.tokens_out
    elif failure in UNDONE or instance.held_up:
        begun.tokens = 0
    # A first one that only waits for requests to be a minute ago is not helped by this.
    for_tokens = chat.limits is not None and chat.limits.tokens_per_minute is not None
    if for_tokens or not traffic.queue or traffic.queue[0].due is None:
        _try_next(state, traffic)


def due(state: State, instance: Instance) -> None:
    """The time of the first in a queue has come: it is tried again, and is still the first."""
    if instance.queued_for is not None:
        state.traffic[instance.queued_for].queue.remove(instance)


def leave(state: State, instance: Instance) -> None:
    """A call that was held back is given up: the next one may be tried."""
    if instance.queued_for is None:
        return
    traffic = state.traffic[instance.queued_for]
    instance.queued_for = None
    if instance in traffic.queue:
        traffic.queue.remove(instance)
    _try_next(state, traffic)


def _try_next(state: State, traffic: Traffic) -> None:
    """Let the first in the queue be decided on again, before all that is ready."""
    while traffic.queue:
        instance = traffic.queue.popleft()
        state.waiting.pop(instance.address, None)
        if not instance.scope.closed:
            state.ready.appendleft(instance)
            return
