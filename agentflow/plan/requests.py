"""What the requests of a call come to: those of its model, and of each that takes over for it.

The formulae stand at the head of `plan.bounds`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isinf

from agentflow.contracts.keywords import Schema
from agentflow.contracts.size import size_of_part
from agentflow.plan.amounts import NOTHING, Bound, Most, Way, plus, scaled, times
from agentflow.plan.charges import charges_of
from agentflow.plan.costs import Cost, Load, certain
from agentflow.plan.factors import Factors
from agentflow.plan.prompts import (
    first_prompt,
    grown,
    grown_altogether,
    model_of,
    passed_by,
    said_by,
    told_again,
)
from agentflow.plan.steps import CallPlan, ChatPlan, Plan
from agentflow.plan.types import Types

_MILLION = 1_000_000
#: US dollars for a million tokens in and out, by the model's name at LiteLLM.
Prices = Mapping[str, Sequence[float]]


def single_calls(calls: Iterable[CallPlan], inputs: Schema, prices: Prices) -> Iterator[Most]:
    """One request of each model that is given all inputs of a pipeline instead of its own."""
    size = size_of_part(inputs, (), as_text=True)
    shown = Bound(size.bytes) if size.field is None else Bound(inf, f"inputs{size.field}")
    for call in calls:
        for each in (call, *(fallback.call for fallback in call.fallbacks)):
            if each.chat is not None:
                prompt = plus(Bound(each.chat.overhead), shown)
                yield _requests(each, each.chat, prompt, 1, prices)


class Requests:
    """The requests of the calls of one plan."""

    def __init__(self, plan: Plan, types: Types, prices: Prices) -> None:
        self._plan = plan
        self._types = types
        self._prices = prices

    def answered(self, call: CallPlan, made: Factors, place: str) -> list[Cost]:
        """One attempt of the retry policy: the answers of its model, and of each that takes over."""
        calls = (call, *(fallback.call for fallback in call.fallbacks))
        passed = passed_by(call, place, self._types)
        return [self._answers(each, made, said_by(call), passed) for each in calls]

    def _answers(self, call: CallPlan, made: Factors, said: Bound, passed: Schema | None) -> Cost:
        """A request for each turn, and for each answer again; `said` is what is told again of it."""
        charged = self._charged(call, passed)

        def timed(most: Most, count: int) -> Most:
            meters = scaled(Most(meters=charged), count).meters
            return most._replace(
                calls=Bound(count), work=Bound(call.timeout * count), meters=meters
            )

        count, many, one = made.turns * made.answers, NOTHING, NOTHING
        if call.chat is not None:
            again = made.answers > 1
            first = first_prompt(call, call.chat, passed)
            wrong = times(told_again(said), int(again))
            more = times(grown_altogether(call, said, asked_again=again), made.answers)
            told = plus(more, times(wrong, count - made.turns))
            last = plus(plus(first, wrong), grown(call, said, asked_again=again))
            many = _requests(call, call.chat, plus(times(first, count), told), count, self._prices)
            one = _requests(call, call.chat, last, 1, self._prices)
        way = Way(call.timeout * count)
        return certain(Load(timed(many, count), way), timed(one, 1), self._rate(call))

    def _rate(self, call: CallPlan) -> float:
        """What the dearer of its tokens cost, in US dollars."""
        if call.chat is None:
            return 0.0
        price = call.chat.price or self._prices.get(call.chat.model)
        return max(price) / _MILLION if price is not None else inf

    def _charged(self, call: CallPlan, passed: Schema | None) -> dict[str, Bound]:
        """What one call takes from each meter at most."""
        return {
            name: Bound(
                span.high, f"agents.{call.agent}.charges.{name}" if isinf(span.high) else None
            )
            for name, span in charges_of(self._plan, call, passed).items()
        }


def _requests(call: CallPlan, chat: ChatPlan, prompts: Bound, count: int, prices: Prices) -> Most:
    """So many requests, whose prompts have so many tokens altogether."""
    model = model_of(call, chat)
    answers = Bound(inf, f"{model}.max_output_tokens")
    if chat.max_output_tokens is not None:
        answers = Bound(chat.max_output_tokens * count)
    usd, price = Bound(inf, f"{model}.price"), chat.price or prices.get(chat.model)
    if price is not None:
        usd = plus(times(prompts, price[0] / _MILLION), times(answers, price[1] / _MILLION))
    return Most(calls=Bound(count), tokens_in=prompts, tokens_out=answers, usd=usd)
