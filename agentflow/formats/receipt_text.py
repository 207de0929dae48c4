"""What a chat model was sent, read and answered, as lines for people."""

from collections.abc import Iterator, Mapping

from agentflow.core.events import AttemptFailed, AttemptSucceeded, Receipt
from agentflow.formats.prompt_text import image, images_in
from agentflow.formats.safe import safe
from agentflow.formats.words import count, money
from agentflow.trace.context import Context

#: How many parts of a list are named.
_NAMED = 12


def context_lines(context: Context) -> Iterator[str]:
    """What an attempt was given of what its step could have read."""
    yield f"passed on: {_sizes(context.passed)}"
    yield f"withheld: {_sizes(context.withheld)}"


def receipt_lines(fact: AttemptSucceeded | AttemptFailed) -> Iterator[str]:
    """The receipt of an attempt; nothing for agents that are no chat models."""
    receipt = fact.receipt
    if receipt is None:
        return
    messages = count(len(fact.prompt), "message") if fact.prompt else "not sent"
    yield f"prompt: {messages}, {_tokens(receipt)}, sha256 {receipt.prompt[:12]}…"
    images = list(images_in(fact.prompt or ()))
    for part in images:
        yield safe(f"shown, not counted: {image(part)}", oneline=True)
    if receipt.fields or not images:
        yield f"in it: {_sizes(receipt.fields) if receipt.fields else 'no field of the input'}"
    if receipt.others:
        yield f"besides: {_sizes(receipt.others)}"
    if receipt.left_out:
        yield f"not in it: {safe(', '.join(receipt.left_out), oneline=True)}"
    called = f", which calls itself {fact.answered}" if fact.answered else ""
    yield safe(f"model: {receipt.model}{called}", oneline=True)
    if isinstance(fact, AttemptSucceeded) or fact.usage is not None:
        yield f"used: {_used(fact)}"
    if fact.first_token is not None:
        yield f"first token: after {fact.first_token:.3f} s"


def _tokens(receipt: Receipt) -> str:
    if receipt.tokens is None:
        return "not counted"
    counted = f"{'' if receipt.exact else 'about '}{count(receipt.tokens, 'token')}"
    return f"{counted}, about {receipt.beside:,} beside them" if receipt.beside else counted


def _used(fact: AttemptSucceeded | AttemptFailed) -> str:
    usage = fact.usage
    if usage is None:
        return "unknown, the provider did not say"
    cost = "cost unknown" if usage.usd is None else _exactly(usage.usd)
    thinking = f" ({usage.thinking:,} of them for thinking)" if usage.thinking else ""
    return f"{usage.tokens_in:,} tokens in, {usage.tokens_out:,} out{thinking}, {cost}"


def _exactly(usd: float) -> str:
    """Money, also where it is less than a hundredth of a cent."""
    return money(usd) if usd >= 0.01 else f"${usd:.3g}"


def _sizes(sizes: Mapping[str, int]) -> str:
    """`body (1,204 bytes), id (2 bytes)`, the largest first."""
    if not sizes:
        return "nothing"
    ordered = sorted(sizes.items(), key=lambda item: -item[1])
    shown = [f"{safe(name, oneline=True)} ({count(size, 'byte')})" for name, size in ordered]
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(shown[:_NAMED]) + more
