"""The receipt of a call of a chat model: what it was sent, and whether it all arrived.

Before a call the prompt is measured, and one that does not fit is not sent: it is never shortened.
After the call, the provider's own count is compared with ours. Some servers cut off the beginning
of a prompt that is too long, instructions first, and answer as if nothing had happened; only the
count shows it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from agentflow.agents.credentials import is_behind_another_name
from agentflow.agents.estimates import least_of
from agentflow.agents.prompt_parts import FORM, TOOLS, Part
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.tokens import Tokenizer, count, is_quick, tokenizer_of
from agentflow.contracts.describe import listed
from agentflow.core.events import Receipt
from agentflow.plan.windows import KnownModel, cuts, window_of
from agentflow.spec.model import FailureClass, Json, Model

#: What a provider counts at least of what we count, where the tokenizer is the model's own.
EXACT = Fraction(95, 100)
#: How much of what stands beside the messages is there for sure. OpenAI shows models the
#: definitions of tools as TypeScript, which takes about half of what JSON Schema does.
REWORDED = 0.5
#: How many of the largest parts of a prompt are named.
_NAMED = 3


class Prompt(Struct, frozen=True):
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

    @property
    def beside(self) -> list[str]:
        """The texts of what is sent beside the messages."""
        return [part.text for part in self.parts if part.beside]

    @property
    def tokenizer(self) -> Tokenizer:
        """What measures the prompt. At an address of their own, authors may name models freely."""
        own = tokenizer_of(self.model.model, self.known)
        provider = self.known.provider or ""
        exact = own.exact and not is_behind_another_name(self.model, provider)
        return replace(own, exact=exact)


def digest(messages: Sequence[Mapping[str, Json]]) -> str:
    """SHA-256 of messages as JSON: keys in order, no spaces, ASCII only."""
    text = json.dumps(messages, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def receipt_of(prompt: Prompt) -> Receipt:
    """What there is to say of a prompt before it is sent.

    It is counted only where its bytes could be too many, or where that takes no time: a token has a
    byte at least, and to read a tokenizer takes half a second.
    """
    fields, others = Counter[str](), Counter[str]()
    for part in prompt.parts:
        (fields if part.fields else others)[part.name] += _bytes(part.text)
    read = {name for part in prompt.parts for name in part.fields} | prompt.shown
    receipt = Receipt(
        model=prompt.model.model,
        prompt=digest(prompt.messages),
        fields=dict(fields),
        left_out=tuple(name for name in prompt.given if name not in read),
        others=dict(others),
    )
    window, texts = window_of(prompt.model, prompt.known), [*prompt.texts, *prompt.beside]
    size = sum(map(_bytes, texts))
    fits = window is None or window.needed(size, prompt.model.max_output_tokens) <= window.tokens
    if fits and not is_quick(texts, prompt.tokenizer.encoding):
        return receipt
    return await counted(prompt, receipt)


async def counted(prompt: Prompt, receipt: Receipt) -> Receipt:
    """The receipt of a prompt with its tokens, if it has none yet."""
    if receipt.tokens is not None:
        return receipt
    tokenizer, beside = prompt.tokenizer, None
    tokens = await count(prompt.texts, tokenizer.encoding)
    if prompt.beside:
        beside = await count(prompt.beside, tokenizer.encoding)
    least = None
    if tokens is not None and tokenizer.exact:
        least = ceil(EXACT * tokens)
    elif tokens is not None:
        least = await least_of(prompt.texts, tokens, tokenizer.encoding)
    exact = tokenizer.exact
    return replace(receipt, tokens=tokens, exact=exact, least=least, beside=beside)


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
    alone, beside = cuts(receipt.model), receipt.beside or 0
    least = tokens if receipt.exact or alone else receipt.least or 0
    least += beside if alone else int(beside * REWORDED)
    if window.needed(least, answer) <= window.tokens:
        return
    needed = [_about(receipt)]
    if beside:
        needed.append(f"about {beside:,} for {_beside(receipt)}")
    if answer and window.shared:
        needed.append(f"{answer:,} for the answer")
    message = (
        f"the prompt does not fit: {listed(needed, 'and')}, and the window of {receipt.model}"
        f" has {window.tokens:,}; the largest parts are {await _largest(prompt)}"
    )
    raise AttemptError(FailureClass.CONTEXT_OVERFLOW, message)


def refuse_if_cut(receipt: Receipt, reply: Reply) -> None:
    """See to it that the provider has read all that it was sent, by its own count.

    Raises `AttemptError` context_overflow if it has not. Who counts nothing is believed.
    """
    usage = reply.usage
    if usage is None or receipt.least is None:
        return
    if usage.tokens_in < receipt.least:
        message = (
            f"{receipt.model} did not read the whole prompt: it counted {usage.tokens_in:,}"
            f" of {_about(receipt)}, expected at least {receipt.least:,}"
        )
        failure = FailureClass.CONTEXT_OVERFLOW
        raise AttemptError(failure, message, reply=reply)


def _about(receipt: Receipt) -> str:
    return f"{'' if receipt.exact else 'about '}{receipt.tokens:,} tokens"


async def _largest(prompt: Prompt) -> str:
    """The largest parts of a prompt with their tokens, the largest first."""
    sizes = Counter[str]()
    for part in prompt.parts:
        name = f"'{part.name}'" if part.fields else f"the {part.name}"
        sizes[name] += await count([part.text], prompt.tokenizer.encoding) or 0
    return ", ".join(f"{name} with {size:,}" for name, size in sizes.most_common(_NAMED))


def _beside(receipt: Receipt) -> str:
    return " and ".join(f"the {name}" for name in (TOOLS, FORM) if name in receipt.others)


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
