"""The receipt of a call of a chat model: what it was sent, and whether it all arrived.

Before a call the prompt is measured, and one that does not fit is not sent: it is never shortened.
After it, the provider's own count is held against ours. Some servers cut a prompt that is too long
at its front, instructions first, and answer as if nothing had happened; only the count tells.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from agentflow.agents.prompts import data_text
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.tokens import count, is_quick, tokenizer_of
from agentflow.core.events import Receipt
from agentflow.plan.windows import KnownModel, cuts, window_of
from agentflow.spec.expressions import references
from agentflow.spec.model import FailureClass, Json, Model
from agentflow.spec.templates import Template, Whole, render, template_expressions

#: What a provider counts at least of what we count, where the tokenizer is the model's own, and
#: where it is another one.
EXACT, ESTIMATED = 0.95, 0.7
#: How many of the largest parts of a prompt are named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a prompt that is data: which input fields it was made of, and its text."""

    fields: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model is sent, and what there is to know of the model.

    `given` are the fields of the agent's input, `shown` those of which its images were made.
    """

    model: Model
    known: KnownModel
    messages: Sequence[Mapping[str, Json]]
    parts: tuple[Part, ...]
    given: tuple[str, ...]
    shown: frozenset[str] = frozenset()

    @property
    def texts(self) -> list[str]:
        """The texts of all messages, and what the model has said to tools in earlier turns."""
        return [text for message in self.messages for text in _texts(message)]


def prompt_of(
    model: Model,
    known: KnownModel,
    messages: Sequence[Mapping[str, Json]],
    template: Template | None,
    given: Mapping[str, Json],
    shown: frozenset[str] = frozenset(),
) -> Prompt:
    """The prompt of a call. `template` was made into a message with the fields of `given`."""
    return Prompt(model, known, messages, tuple(_parts(template, given)), tuple(given), shown)


def digest(messages: Sequence[Mapping[str, Json]]) -> str:
    """SHA-256 of messages as JSON: keys in order, no spaces, ASCII only."""
    text = json.dumps(messages, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def receipt_of(prompt: Prompt) -> Receipt:
    """What there is to say of a prompt before it is sent.

    It is counted only where its bytes could be too many, or where that takes no time: a token has a
    byte at least, and to read a tokenizer takes half a second.
    """
    fields: dict[str, int] = {}
    for part in prompt.parts:
        name = ", ".join(part.fields)
        fields[name] = fields.get(name, 0) + _bytes(part.text)
    read = {name for part in prompt.parts for name in part.fields} | prompt.shown
    receipt = Receipt(
        model=prompt.model.model,
        prompt=digest(prompt.messages),
        fields=fields,
        left_out=tuple(name for name in prompt.given if name not in read),
    )
    window, size = window_of(prompt.model, prompt.known), sum(map(_bytes, prompt.texts))
    fits = window is None or window.needed(size, prompt.model.max_output_tokens) <= window.tokens
    tokenizer = tokenizer_of(prompt.model.model, prompt.known)
    if fits and not is_quick(prompt.texts, tokenizer.encoding):
        return receipt
    return await counted(prompt, receipt)


async def counted(prompt: Prompt, receipt: Receipt) -> Receipt:
    """The receipt of a prompt with its tokens, if it has none yet."""
    if receipt.tokens is not None:
        return receipt
    tokenizer = tokenizer_of(prompt.model.model, prompt.known)
    tokens = await count(prompt.texts, tokenizer.encoding)
    return replace(receipt, tokens=tokens, exact=tokenizer.exact)


async def refuse_if_too_long(prompt: Prompt, receipt: Receipt) -> None:
    """See to it that a prompt fits into the window of its model.

    Raises `AttemptError` context_overflow for one that is too long for sure.
    """
    window, tokens, answer = (
        window_of(prompt.model, prompt.known),
        receipt.tokens,
        prompt.model.max_output_tokens,
    )
    if window is None or tokens is None:
        return
    # Of an estimate only as much is believed as must be there, unless nobody else would complain.
    sure = receipt.exact or cuts(receipt.model)
    least = tokens if sure else int(tokens * ESTIMATED)
    if window.needed(least, answer) <= window.tokens:
        return
    beside = f" and {answer:,} for the answer" if answer and window.shared else ""
    message = (
        f"the prompt does not fit: {_about(receipt)}{beside}, and the window of {receipt.model}"
        f" has {window.tokens:,}; the largest parts are {await _largest(prompt)}"
    )
    raise AttemptError(FailureClass.CONTEXT_OVERFLOW, message)


def refuse_if_cut(receipt: Receipt, reply: Reply) -> None:
    """See to it that the provider has read all that it was sent, by its own count.

    Raises `AttemptError` context_overflow if it has not. Who counts nothing is believed.
    """
    usage = reply.usage
    if usage is None or receipt.tokens is None or usage.tokens_in <= 0:
        return
    factor = EXACT if receipt.exact else ESTIMATED
    if usage.tokens_in < factor * receipt.tokens:
        message = (
            f"{receipt.model} did not read the whole prompt: it counted {usage.tokens_in:,}"
            f" of {_about(receipt)}, expected at least {factor:.0%}"
        )
        failure = FailureClass.CONTEXT_OVERFLOW
        raise AttemptError(failure, message, reply=reply)


def _about(receipt: Receipt) -> str:
    return f"{'' if receipt.exact else 'about '}{receipt.tokens:,} tokens"


async def _largest(prompt: Prompt) -> str:
    """The largest parts of a prompt with their tokens, the largest first."""
    encoding = tokenizer_of(prompt.model.model, prompt.known).encoding
    sizes = [(await count([part.text], encoding), part.fields) for part in prompt.parts]
    system = [str(said["content"]) for said in prompt.messages if said["role"] == "system"]
    found = [(size or 0, f"'{', '.join(fields)}'") for size, fields in sizes]
    found.append((await count(system, encoding) or 0, "the instructions"))
    found.sort(key=itemgetter(0), reverse=True)
    return ", ".join(f"{name} with {size:,}" for size, name in found[:_NAMED])


def _parts(template: Template | None, given: Mapping[str, Json]) -> Iterator[Part]:
    """The data of a prompt; without a template that is the whole input."""
    if template is None:
        for name, value in given.items():
            yield Part((name,), data_text(value))
        return
    for _, _, expr in template_expressions(template):
        names: dict[str, None] = {}
        for reference in references(expr):
            names |= dict.fromkeys([str(reference.path[0])] if reference.path else given)
        yield Part(tuple(names), data_text(render(Whole(expr, 0), {"input": dict(given)})))


def _texts(message: Mapping[str, Json]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(part.get("text"), str):
            yield part["text"]
    for asked in message.get("tool_calls", ()):
        yield from (str(asked["function"][key]) for key in ("name", "arguments"))


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
