"""What a call may cost at most, and what it did cost.

Before a call, a bound is held back. The tokens of a prompt are not counted here: they are at most
its bytes, since tokenizers of chat models split text into pieces of a byte or more. The answer has
at most `max_output_tokens`. After the call the provider's own figures are charged. Where there are
none (no answer came, or it did not say), what was held counts as spent, unless the other side has
certainly done nothing.
"""

import json

from agentflow.core.events import Usage
from agentflow.core.purse import NOTHING, Amounts, bounded, settle
from agentflow.core.state import Instance, State
from agentflow.core.talks import Talk
from agentflow.core.values import Unusable, value_of
from agentflow.plan.steps import CallPlan, ChatPlan
from agentflow.spec.model import UNDONE, FailureClass, Json

_MILLION = 1_000_000
_METERS = "meters."
#: Bytes of what stands around a call of a tool, and around what came of it.
_AROUND = 300


def most(state: State, instance: Instance, call: CallPlan, given: Json) -> dict[str, float]:
    """What the next call of a step may use up at most, of all that a budget bounds.

    Raises:
        Unusable: what an agent charges cannot be evaluated, or is no amount.
    """
    amounts: dict[str, float] = {"calls": 1, **_charges(instance, call, given)}
    purse = instance.purse
    # Only where it is asked for: to write a large input out takes time.
    if call.chat is not None and (bounded(purse, "tokens") or bounded(purse, "usd")):
        tokens_in = prompt_bytes(instance, call.chat, given)
        tokens_out = call.chat.max_output_tokens
        out = float("inf") if tokens_out is None else tokens_out
        amounts["tokens"] = tokens_in + out
        price = price_of(state, call.chat)
        if price is not None:
            amounts["usd"] = _usd(price, tokens_in, out)
    return {what: amount for what, amount in amounts.items() if bounded(purse, what)}


def _charges(instance: Instance, call: CallPlan, given: Json) -> dict[str, float]:
    """What the agent says a call with this input charges; nothing for one that is only repeated."""
    if instance.charged:
        return {}
    amounts = {}
    for name, template in call.charges.items():
        what = f"agents.{call.agent}.charges.{name}"
        amount = value_of(template, {"input": given}, what)
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount < 0:
            raise Unusable(what, f"expected a number from 0 on, found {json.dumps(amount)}")
        amounts[_METERS + name] = float(amount)
    return amounts


def prompt_bytes(instance: Instance, chat: ChatPlan, given: Json) -> int:
    """At least as many as the bytes of all that the model is sent."""
    size = chat.overhead + chat.repeats * len(json.dumps(given).encode())
    if instance.talk is not None:
        size += _bytes_said(instance.talk)
    complaint = instance.complaint
    if complaint is not None:
        size += len(json.dumps([complaint.answer, *complaint.violations]).encode())
    return size


def _bytes_said(talk: Talk) -> int:
    """Of all turns that are over, with what is put around it."""
    size = 0
    for turn in talk.turns:
        told = turn.complaint
        words = [turn.said, turn.thoughts, told and [told.answer, *told.violations]]
        size += len(json.dumps(words).encode())
        for call, result in zip(turn.calls, turn.results, strict=True):
            words = [call.id, call.tool, call.arguments, result.output, result.error]
            size += len(json.dumps(words).encode()) + _AROUND
    return size


def price_of(state: State, chat: ChatPlan) -> tuple[float, float] | None:
    """US dollars for a million tokens in and out: the spec's, or what the run recorded."""
    if chat.price is not None:
        return chat.price
    known = state.prices.get(chat.model)
    return (known[0], known[1]) if known is not None else None


def _usd(price: tuple[float, float], tokens_in: float, tokens_out: float) -> float:
    return (price[0] * tokens_in + price[1] * tokens_out) / _MILLION


def settle_call(
    state: State, instance: Instance, usage: Usage | None, failure: FailureClass | None
) -> None:
    """An attempt has ended: give back what was held for it, and charge what it used up."""
    held = instance.held
    undone = failure in UNDONE
    spent = {what: amount for what, amount in held.items() if what == "calls" or not undone}
    spent.update(_used(state, instance, usage, held))
    meters = [what for what in spent if what.startswith(_METERS)]
    call = instance.call
    assert call is not None
    # Repeated with the same key it is the same deed, and is charged once.
    instance.charged |= bool(meters) and call.key is not None
    settle(instance.purse, held, spent)
    instance.held = NOTHING


def _used(state: State, instance: Instance, usage: Usage | None, held: Amounts) -> dict[str, float]:
    """What the provider's own figures come to."""
    if usage is None:
        return {}
    used: dict[str, float] = {}
    if "tokens" in held:
        used["tokens"] = usage.tokens_in + usage.tokens_out
    call = instance.call
    if "usd" in held and call is not None and call.chat is not None:
        price = price_of(state, call.chat)
        if usage.usd is not None:
            used["usd"] = usage.usd
        elif price is not None:
            used["usd"] = _usd(price, usage.tokens_in, usage.tokens_out)
    return used
