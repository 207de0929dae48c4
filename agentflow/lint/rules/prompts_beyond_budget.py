"""A run without failures is likely to use more tokens or money than the budget allows.

A budget is meant to be below the worst case: `agentflow plan` says by how much, and which step
costs most. This one is probably below what every run with full lists needs, even if nothing fails
and the data is short: the fixed text of the prompts alone, at five letters per token, comes to
more. The run stops in the middle, after what it has done has been paid for. Nobody knows beforehand
how many tokens a text has, so this is likely and not proven. Raise the budget, or lower `max`. If
stopping is intended, `catch: {budget_exceeded: skip}` says so.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [letters], properties: {letters: {type: array, items: {type: string, maxLength: 2000}}}}
    budget: {tokens: 9000}
    models: {small: {model: openai/gpt-5-mini, max_output_tokens: 100}}
    agents:
      sorter:
        kind: llm
        model: small
        timeout: 30s
        instructions: |
          You read letters to a shop. A letter is a question if its writer wants to know something, a complaint if the
          writer is not content, and an order if the writer wants to buy. Say which of these three it is. Of two that
          would do, take the one that comes first here. A letter that is none of them counts as a question.
        input: {type: object, required: [text], properties: {text: {type: string, maxLength: 2000}}}
        output: {enum: [question, complaint, order]}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 500, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}

Says:

    4:18 a run with full lists is likely to use 31,500 tokens and more, and its budget has 9,000

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [letters], properties: {letters: {type: array, items: {type: string, maxLength: 2000}}}}
    budget: {tokens: 600000}
    models: {small: {model: openai/gpt-5-mini, max_output_tokens: 100}}
    agents:
      sorter:
        kind: llm
        model: small
        timeout: 30s
        instructions: |
          You read letters to a shop. A letter is a question if its writer wants to know something, a complaint if the
          writer is not content, and an order if the writer wants to buy. Say which of these three it is. Of two that
          would do, take the one that comes first here. A letter that is none of them counts as a question.
        input: {type: object, required: [text], properties: {text: {type: string, maxLength: 2000}}}
        output: {enum: [question, complaint, order]}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 500, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.budgets import amount_of, figure
from agentflow.lint.chats import own_words
from agentflow.lint.rule import Context, Family
from agentflow.plan.amounts import dollars
from agentflow.plan.calls import callers, calls_of
from agentflow.plan.lower_bounds import Least, TakenByCall, least_of_run, least_of_step
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "prompts-beyond-budget"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING

#: Hardly any text has more letters to a token.
_LETTERS = 5


class _Least(Protocol):
    """The least that something comes to, with its lists empty or full."""

    def __call__(self, *, full: bool) -> Least: ...


class _Budget(Struct, frozen=True):
    """How much of a meter its owner has, in words and where it stands, and who takes from it."""

    owner: str
    path: Path
    bound: float
    callers: Sequence[StepPlan]
    least: _Least


def check(context: Context) -> Iterator[Finding]:
    """Each budget of tokens and money that the author's own words alone are likely to go beyond."""
    plan = context.plan
    if plan is None:
        return
    for what in ("tokens", "usd"):
        taken = partial(_taken, context, what)
        for budget in _budgets(plan, what, taken):
            # What not a single call fits into is told of as too small.
            if _dearest(context, plan, taken, budget.callers) <= budget.bound:
                yield from _beyond(context, what, budget)


def _budgets(plan: Plan, what: str, taken: TakenByCall) -> Iterator[_Budget]:
    """The budgets of a plan that bound a meter."""
    whole = plan.budget.bounds
    if what in whole:
        least = partial(least_of_run, plan, taken)
        yield _Budget("a run", (), whole[what], tuple(callers(plan)), least)
    for step in plan.steps.values():
        if step.budget is not None and what in step.budget:
            least = partial(least_of_step, plan, step, taken)
            yield _Budget(quoted(step.id), step.path, step.budget[what], (step,), least)


def _dearest(context: Context, plan: Plan, taken: TakenByCall, steps: Iterable[StepPlan]) -> float:
    """What the dearest single call of these steps takes."""
    found = (taken(plan, step, call, context.types) for step in steps for call in calls_of(step))
    return max(found, default=0)


def _beyond(context: Context, what: str, budget: _Budget) -> Iterator[Finding]:
    empty, full = budget.least(full=False), budget.least(full=True)
    dearest = full.step
    if full.amount <= budget.bound or dearest is None:
        return
    lists = "" if empty.amount > budget.bound else " with full lists"
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{budget.owner}{lists} is likely to use {amount_of(what, full.amount)} and more, and its"
        f" budget has {figure(budget.bound)}",
        location=context.document.locate((*budget.path, "budget", what)),
        help="allow for some times as much, say less in 'instructions' and 'prompt', or lower 'max'",
        related=(
            Related(
                "most of it is used here",
                context.document.locate_key((*dearest.path, "for_each", "max"))
                if dearest.for_each is not None
                else context.document.locate_key(dearest.path),
            ),
        ),
    )


def _taken(
    context: Context, what: str, plan: Plan, _step: StepPlan, call: CallPlan, _types: Types
) -> float:
    """What the author's own words of one call come to."""
    if call.chat is None:
        return 0
    tokens = len(own_words(plan, call)) // _LETTERS
    if what == "tokens":
        return tokens
    price = call.chat.price or context.known(call.chat.model).price
    return dollars(price, tokens, 0) if price is not None else 0
