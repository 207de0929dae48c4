"""Whether each call's prompt fits its model's window, and how the model is held to its contract.

This is decided twice: for any possible text, in which each token has at least one byte, and for
plain English. What fits in both cases is *proven*, what fits in English is *likely*, and what does
not fit even then is an *overflow*. A prompt with a field of unlimited length is *unbounded*. There
is no proof with images, whose tokens nobody counts, nor with tools, where it is only assumed that a
model reads as many words as it wrote.
"""

from functools import partial
from math import inf, isinf

from msgspec.structs import replace

from agentflow.contracts.describe import path_text
from agentflow.contracts.keywords import Schema
from agentflow.contracts.length import longest
from agentflow.contracts.size import size_of, size_of_fields
from agentflow.lint.chats import ENGLISH, Chat, chats, loads
from agentflow.lint.rule import Context
from agentflow.plan.amounts import Bound, plus
from agentflow.plan.calls import home_of, tools_in_turn
from agentflow.plan.chats import ASKED_AGAIN, SHOWN, TOLD
from agentflow.plan.dialects import manner
from agentflow.plan.enforcement import held
from agentflow.plan.prompts import first_prompt, passed_by, said_by, told_again
from agentflow.plan.windows import Fit, Fits, Window
from agentflow.spec.templates import Constant, MapOf


def fits_of(context: Context) -> Fits:
    """What there is to say of each call of a plan and of the pipelines that it runs."""
    found: dict[tuple[str, str], tuple[Fit, ...]] = {}
    seen: set[str] = set()
    pending = [context]
    while pending:
        here = pending.pop()
        assert here.plan is not None
        for chat in chats(here):
            at = (here.plan.file, chat.step.address)
            found[at] = tuple(dict.fromkeys((*found.get(at, ()), _fit(here, chat))))
        seen.add(here.plan.file)
        pending += (
            replace(here, document=child.document, pipeline=child.pipeline, plan=child.plan)
            for child in here.plan.children.values()
            if child.plan is not None and child.plan.file not in seen
        )
    return found


def _fit(context: Context, chat: Chat) -> Fit:
    window, has_tools = chat.window, bool(chat.call.tools)
    given = manner(chat.model.model, chat.known)
    fit = partial(
        Fit, chat.agent, chat.name, held(chat.call.output.schema, given, has_tools=has_tools)
    )
    if window is None:
        return fit("unknown")
    worst = _worst(context, chat)
    if _is_proven(chat, window, worst):
        return fit("proven", int(worst.amount), window.tokens)
    usual = _usual(context, chat)
    if usual.field is not None:
        return fit("unbounded", None, window.tokens, usual.field)
    tokens = int(usual.amount)
    enough = _needed(chat, window, tokens) <= window.tokens
    return fit("likely" if enough else "overflow", tokens, window.tokens)


def _needed(chat: Chat, window: Window, prompt: int) -> int:
    return window.needed(prompt, chat.model.max_output_tokens)


def _is_proven(chat: Chat, window: Window, worst: Bound) -> bool:
    call = chat.call
    uncounted = bool(getattr(call.options, "images", ())) or tools_in_turn(call)
    answered = chat.model.max_output_tokens is not None or not window.shared
    if uncounted or not answered or isinf(worst.amount):
        return False
    return _needed(chat, window, int(worst.amount)) <= window.tokens


def _worst(context: Context, chat: Chat) -> Bound:
    """The longest prompt in bytes, also those of an answer that is shown again."""
    call = chat.call
    assert call.chat is not None
    passed = passed_by(call, chat.step.address, context.types)
    again = told_again(Bound(inf)) if call.repair else Bound(0)
    return plus(first_prompt(call, call.chat, passed), again)


def _usual(context: Context, chat: Chat) -> Bound:
    """The longest prompt in tokens of plain English."""
    call = chat.call
    assert call.chat is not None
    most = Bound(call.chat.overhead // ENGLISH)
    for load in loads(context, chat, proven=False):
        if isinf(load.tokens):
            left_open = size_of_fields(call.input.schema, [load.field]).field
            return Bound(inf, f"agents.{chat.agent}.input{left_open or f'.{load.field}'}")
        most = plus(most, Bound(load.tokens))
    if not isinstance(call.arguments, MapOf | Constant):  # a tool, which the model fills in
        most = plus(most, _length(call.input.schema, f"agents.{chat.agent}.input"))
    return plus(most, _grown(chat))


def _grown(chat: Chat) -> Bound:
    """What comes to it with an answer that was not accepted, and in further turns."""
    call = chat.call
    said, wrong = said_by(call), 0.0
    if call.repair:
        wrong = min(said.amount, SHOWN / ENGLISH) + (TOLD + ASKED_AGAIN) / ENGLISH
    if not tools_in_turn(call):
        return Bound(wrong)
    most = Bound(said.amount * (call.max_turns - 1) + wrong * call.max_turns, said.field)
    for tool in call.tools.values():
        called = tool.step.call
        assert called is not None
        home = path_text((*home_of(tool.step, called), "output"))
        result = _length(called.output.schema, home)
        most = plus(most, Bound(result.amount * tool.max_calls, result.field))
    return most


def _length(schema: Schema, home: str) -> Bound:
    characters = longest(schema)
    if isinf(characters):
        return Bound(inf, f"{home}{size_of(schema).field or ''}")
    return Bound(characters / ENGLISH)
