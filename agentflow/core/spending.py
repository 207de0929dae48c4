"""What a call may cost at most, and what it did cost.

Before a call, a bound is held back. The tokens of a prompt are not counted here: they are at most
the bytes of what is sent, since tokenizers of chat models split text into pieces of a byte or more.
The answer has at most `max_output_tokens`, also when it is shown to its model again. After the call
the provider's own figures are charged. Where there are none (no answer came, or it did not say),
what was held counts as spent, unless the other side has certainly done nothing. A call that was
held up all the time has not been made, and costs nothing at all.
"""

import json
from collections.abc import Mapping
from math import inf

from msgspec.structs import replace

from agentflow.core.events import Complaint, Usage
from agentflow.core.prompted import bytes_of, data_in, data_text
from agentflow.core.purse import NOTHING, Amounts, bounded, settle
from agentflow.core.state import Instance, State
from agentflow.core.talks import Turn
from agentflow.core.values import Unusable, value_of
from agentflow.plan.amounts import dollars
from agentflow.plan.chats import ASKED_AGAIN, LINE
from agentflow.plan.prompts import AROUND, said_by
from agentflow.plan.steps import CallPlan, ChatPlan
from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.model import UNDONE, FailureClass, Json

_METERS = "meters."
#: What a provider tells of a call that was made.
_TOLD = ("tokens", "usd")


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
            amounts["usd"] = dollars(price, tokens_in, out)
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


def prompt_bytes(instance: Instance, chat: ChatPlan, given: Mapping[str, Json]) -> int:
    """At least as many as the tokens of all that the model is sent: its bytes, or less.

    What a model has said itself is no more tokens than it may say in a turn.
    """
    call = instance.own_call
    said = said_by(call).amount if call is not None else inf
    size = chat.overhead + _data(chat, given) + _complained(instance.complaint, said)
    if instance.talk is not None:
        size += sum(_said_in(turn, said) for turn in instance.talk.turns)
    return size


def _data(chat: ChatPlan, given: Mapping[str, Json]) -> int:
    try:
        return sum(map(bytes_of, data_in(chat.prompt, given)))
    except EvaluationError:
        return 0  # nothing is sent then


def _complained(complaint: Complaint | None, said: float) -> int:
    """An answer and what was wrong with it, as far as it is shown."""
    if complaint is None:
        return 0
    wrong = sum(bytes_of(violation) + LINE for violation in complaint.violations)
    return int(min(bytes_of(complaint.answer or ""), said)) + wrong + ASKED_AGAIN


def _said_in(turn: Turn, said: float) -> int:
    """A turn that is over, with what is put around it."""
    thoughts = json.dumps(dict(turn.thoughts)) if turn.thoughts else ""
    own = (turn.said or "", thoughts, *(call.tool + call.arguments for call in turn.calls))
    size = int(min(sum(map(bytes_of, own)), said)) + _complained(turn.complaint, said)
    for result in turn.results:
        told = result.output if result.error is None else result.error
        size += bytes_of(data_text(told)) + AROUND
        if result.instead is not None:
            size += bytes_of(data_text(result.instead))
    return size


def price_of(state: State, chat: ChatPlan) -> tuple[float, float] | None:
    """US dollars for a million tokens in and out: the spec's, or what the run recorded."""
    if chat.price is not None:
        return chat.price
    known = state.prices.get(chat.model)
    return (known[0], known[1]) if known is not None else None


def priced(usage: Usage | None, chat: ChatPlan | None) -> Usage | None:
    """What a call used up, at the price that the spec gives its model, if it gives one.

    This is done where an outcome is made, so that the log has one figure, which holds for the
    budget and for all who read it.
    """
    if usage is None or chat is None or chat.price is None:
        return usage
    return replace(usage, usd=dollars(chat.price, usage.tokens_in, usage.tokens_out))


def settle_call(
    state: State, instance: Instance, usage: Usage | None, failure: FailureClass | None
) -> None:
    """An attempt has ended: give back what was held for it, and charge what it used up."""
    held = instance.held
    undone = failure in UNDONE
    spent = {what: amount for what, amount in held.items() if what == "calls" or not undone}
    if instance.held_up:
        spent = {}
    used = _used(state, instance, usage, held)
    untold = {what: spent[what] for what in _TOLD if what in spent and what not in used}
    spent.update(used)
    meters = [what for what in spent if what.startswith(_METERS)]
    call = instance.call
    assert call is not None
    # Repeated with the same key it is the same deed, and is charged once.
    instance.charged |= bool(meters) and call.key is not None
    settle(instance.purse, held, spent, untold)
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
            used["usd"] = dollars(price, usage.tokens_in, usage.tokens_out)
    return used
