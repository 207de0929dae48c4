"""What calls used up: tokens and money, added up over a tree of spans."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from agentflow.formats.words import count, money
from agentflow.trace import Span, Trace


class Used(Struct, frozen=True):
    """Tokens, and what is known of their price; `unpriced` tokens have a price nobody knows.

    Of `uncounted` answers of models their providers have not said what they took.
    """

    tokens: int = 0
    usd: float | None = None
    unpriced: int = 0
    uncounted: int = 0

    def tokens_text(self) -> str:
        """`3,410 tokens`, `tokens unknown`, `more than 3,410 tokens`, or nothing."""
        if not self.tokens:
            return "tokens unknown" if self.uncounted else ""
        return f"{'more than ' if self.uncounted else ''}{count(self.tokens, 'token')}"

    def cost_text(self) -> str:
        """`$0.0123`, `cost unknown`, `more than $0.0123`, or nothing."""
        is_open = self.unpriced or self.uncounted
        if self.usd is None:
            return "cost unknown" if is_open else ""
        return f"more than {money(self.usd)}" if is_open else money(self.usd)


def used(spans: Iterable[Span]) -> Used:
    """The sum over the spans and all inside them."""
    tokens = unpriced = uncounted = 0
    usd: float | None = None
    # A loop over a stack, since this is done for every frame of a live display.
    stack = list(spans)
    while stack:
        span = stack.pop()
        if span.tokens:
            tokens += span.tokens
            if span.usd is None:
                unpriced += span.tokens
        uncounted += span.uncounted
        if span.usd is not None:
            usd = (usd or 0.0) + span.usd
        if span.children:
            stack.extend(tuple(span.children.values()))
    return Used(tokens, usd, unpriced, uncounted)


def of_chat(span: Span) -> Iterator[str]:
    """What a model used: `2 turns with tools`, `openai/gpt-5-mini`, `3,410 tokens`, `$0.0123`."""
    if span.turns is not None:
        yield turns(span.turns)
    if span.model is not None:
        yield span.model
        sums = used((span,))
        yield from filter(None, (sums.tokens_text(), sums.cost_text()))


def turns(number: int) -> str:
    """The turns in which a model has asked for tools; that of its answer comes after them."""
    return count(number, "turn with tools", "turns with tools")


def metered(spent: Mapping[str, float]) -> Iterator[str]:
    """`5,000 trade_usd` for each of the author's own quantities."""
    for what, amount in spent.items():
        if what.startswith("meters."):
            yield f"{amount:,g} {what.removeprefix('meters.')}"


def totals(trace: Trace) -> list[str]:
    """`4 calls`, `1 retry`, `3,410 tokens`, `$0.0123`: what a run has come to, for people."""
    facts = [count(trace.calls, "call")]
    if trace.retries:
        facts.append(count(trace.retries, "retry", "retries"))
    if trace.repairs:
        facts.append(count(trace.repairs, "repair"))
    sums = used(tuple(trace.steps.values()))
    facts += filter(None, (sums.tokens_text(), sums.cost_text()))
    facts += metered(trace.spent)
    return facts


def charged(trace: Trace) -> list[str]:
    """That the budget was charged more tokens than were counted, and why; nothing if it was not."""
    counted, spent = used(tuple(trace.steps.values())).tokens, trace.spent.get("tokens", 0)
    if spent <= counted:
        return []
    why = "calls that told no usage are charged the most that they can have used"
    return [f"{count(counted, 'token')} counted, {spent:,g} charged to the budget: {why}"]
