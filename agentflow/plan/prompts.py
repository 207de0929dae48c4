"""How long the prompts of a chat model can get, in tokens, none of which is less than a byte.

A model with tools is told again, turn by turn, what it has said and what its tools have answered:

    turn k of t    P + (k - 1) · (L + C) + R

P is the first prompt, with as much of what `with` names as the contract allows. L is what the model
may say in a turn, `max_output_tokens`: what it has written itself is taken to be as many tokens when
it reads them. C is a complaint about an answer, where there is `repair`. R is what all calls of its
tools come to, `max_calls` of each, if all of them are made in the first turn.

Calls that are refused are not counted: a model that asks for what there is not may ask any number of
times. What has no bound is infinite and names the field that leaves it open.
"""

from math import inf

from agentflow.contracts.describe import path_text
from agentflow.contracts.size import size_of, size_of_fields
from agentflow.plan.amounts import Bound, plus, times
from agentflow.plan.calls import home_of
from agentflow.plan.chats import MOST_COMPLAINT
from agentflow.plan.steps import CallPlan, ChatPlan, ToolPlan
from agentflow.spec.templates import Constant, MapOf

#: Bytes of what stands around a call of a tool and its result, and of a failure in its place.
_AROUND, _FAILURE = 300, 1_000


def first_prompt(call: CallPlan, chat: ChatPlan, *, asked_again: bool) -> Bound:
    """The longest prompt of a first turn; `asked_again` if it may be told what was wrong before."""
    match call.arguments:
        case MapOf(entries):
            size = size_of_fields(call.input.schema, [name for name, _ in entries])
        case Constant(dict() as fields):
            size = size_of_fields(call.input.schema, fields)
        case _:
            size = size_of(call.input.schema)
    if size.field is not None:
        return Bound(inf, f"agents.{call.agent}.input{size.field}")
    complaint = MOST_COMPLAINT if asked_again else 0
    return Bound(chat.overhead + chat.repeats * size.bytes + complaint)


def grown(call: CallPlan, said: Bound, *, asked_again: bool) -> Bound:
    """By how much the prompt of the last turn is longer than the first; see `said_by`."""
    turns = call.max_turns if call.tools else 1
    told = plus(said, Bound(MOST_COMPLAINT if asked_again else 0))
    return plus(times(told, turns - 1), times(_results(call), int(turns > 1)))


def grown_altogether(call: CallPlan, said: Bound, *, asked_again: bool) -> Bound:
    """The same for all turns of one attempt together."""
    turns = call.max_turns if call.tools else 1
    told = plus(said, Bound(MOST_COMPLAINT if asked_again else 0))
    return plus(times(told, turns * (turns - 1) // 2), times(_results(call), turns - 1))


def said_by(call: CallPlan) -> Bound:
    """The tokens that a model, or one that takes over for it, may say in a turn."""
    most = Bound(0)
    for each in (call, *(fallback.call for fallback in call.fallbacks)):
        if each.chat is None:
            continue
        if each.chat.max_output_tokens is None:
            return Bound(inf, f"{model_of(each, each.chat)}.max_output_tokens")
        most = Bound(max(most.amount, each.chat.max_output_tokens))
    return most


def model_of(call: CallPlan, chat: ChatPlan) -> str:
    """Where the spec speaks of the model of a call."""
    return f"models.{getattr(call.options, 'model', chat.model)}"


def _results(call: CallPlan) -> Bound:
    """The bytes of what all calls of all tools come to."""
    most = Bound(0)
    for tool in call.tools.values():
        most = plus(most, times(_result(tool), tool.max_calls))
    return most


def _result(tool: ToolPlan) -> Bound:
    called = tool.step.call
    assert called is not None
    size = size_of(called.output.schema)
    if size.field is not None:
        home = path_text((*home_of(tool.step, called), "output"))
        return Bound(inf, f"{home}{size.field}")
    return Bound(_AROUND + max(size.bytes, _FAILURE))
