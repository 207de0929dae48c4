"""How long the prompts of a chat model can get, in tokens, none of which is less than a byte.

A model with tools is told again, turn by turn, what it has said and what its tools have answered:

    turn k of t    P + (k - 1) · (L + C) + R

P is the first prompt, with as much data as the contracts allow (`plan.prompt_data`). L is what the
model may say in a turn, `max_output_tokens`: what it has written itself is taken to be as many
tokens when it reads them. C is an answer that was not accepted, with what was wrong with it, where
there is `repair`; the last answer of a turn has it too, so that a prompt may be longer by one more.
R is what all calls of its tools come to, `max_calls` of each, if all of them are made in the first
turn.

Calls that are refused are not counted: a model that asks for what there is not may ask any number
of times. What has no bound is infinite and names the field that leaves it open.
"""

from math import inf

from agentflow.contracts.describe import path_text
from agentflow.contracts.keywords import Schema
from agentflow.contracts.size import size_of_part
from agentflow.plan.amounts import Bound, plus, times
from agentflow.plan.calls import home_of
from agentflow.plan.chats import ASKED_AGAIN, MOST_SHOWN, TOLD
from agentflow.plan.factors import turns_of
from agentflow.plan.prompt_data import shown
from agentflow.plan.steps import CallPlan, ChatPlan, ToolPlan
from agentflow.plan.types import Types
from agentflow.spec.document import Path
from agentflow.spec.templates import Constant, MapOf

#: Bytes of what stands around a call of a tool and its result, and of a failure in its place.
AROUND, _FAILURE = 300, 1_000


def first_prompt(call: CallPlan, chat: ChatPlan, passed: Schema | None) -> Bound:
    """The longest prompt of a first turn; `passed` is the type of the call's input, if known."""
    return plus(Bound(chat.overhead), shown(call, chat, passed))


def passed_by(call: CallPlan, place: str, types: Types) -> Schema | None:
    """The type of what a step hands to an agent; None where a model fills that in."""
    if isinstance(call.arguments, MapOf | Constant):
        return types.of(call.arguments, place)
    return None


def told_again(said: Bound) -> Bound:
    """What comes to a prompt with an answer that was not accepted, and what was wrong with it."""
    return Bound(min(said.amount, MOST_SHOWN) + TOLD + ASKED_AGAIN)


def grown(call: CallPlan, said: Bound, *, asked_again: bool) -> Bound:
    """By how much the prompt of the last turn is longer than the first; see `said_by`."""
    turns = turns_of(call)
    return plus(times(_told(said, asked_again), turns - 1), times(_results(call), int(turns > 1)))


def grown_altogether(call: CallPlan, said: Bound, *, asked_again: bool) -> Bound:
    """The same for all turns of one attempt together."""
    turns = turns_of(call)
    told = times(_told(said, asked_again), turns * (turns - 1) // 2)
    return plus(told, times(_results(call), turns - 1))


def _told(said: Bound, asked_again: bool) -> Bound:
    """What a turn adds to the prompts of those after it."""
    return plus(said, told_again(said)) if asked_again else said


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
    home = home_of(tool.step, called)
    came = _most_of(called.output.schema, (*home, "output"))
    told = Bound(AROUND + max(came.amount, _FAILURE), came.field)
    if tool.step.approval is None:
        return told
    return plus(told, _most_of(called.input.schema, (*home, "input")))  # a person's, instead


def _most_of(schema: Schema, home: Path) -> Bound:
    """The bytes of the longest value of a contract that stands at a place."""
    size = size_of_part(schema, (), as_text=True)
    if size.field is not None:
        return Bound(inf, f"{path_text(home)}{size.field}")
    return Bound(size.bytes)
