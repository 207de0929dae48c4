"""A budget counts dollars, but the price of a model is not known.

The model is not in the table, and its entry has no `price`. So no run can tell what a call of it
may cost at most, and no call is started: neither by `run`, nor by `test` or `drill`. Give the model
a `price`.

Bad:

    agentflow: 1
    name: letters
    budget: {usd: 2}
    models:
      ours: {model: openai/toys-7b, window: 32768, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: ours
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    5:3 'budget.usd' cannot be kept: nobody knows the price of 'openai/toys-7b'

Good:

    agentflow: 1
    name: letters
    budget: {usd: 2}
    models:
      ours: {model: openai/toys-7b, window: 32768, price: {input: 0.2, output: 0.6}, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: ours
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.budgets import bounds
from agentflow.lint.chats import models
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import plans_within, unpriced_models
from agentflow.plan.providers import has_provider
from agentflow.plan.steps import Plan
from agentflow.plan.windows import KnownModel, nothing_known
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "unknown-price"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR

_HELP = "write what it costs in dollars for a million tokens: price: {input: …, output: …}"


def check(context: Context) -> Iterator[Finding]:
    """Each model without a price, nested pipelines included, where a budget counts dollars."""
    plan = context.plan
    if plan is None or context.known is nothing_known:
        return
    if not any(bound.what == "usd" for each in plans_within(plan) for bound in bounds(each)):
        return
    here = [bound.path for bound in bounds(plan) if bound.what == "usd"]
    related = tuple(
        Related("the bound is set here", context.document.locate_key(path)) for path in here[:1]
    )
    for path, model, where in _unpriced(context, plan):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"'budget.usd' cannot be kept: nobody knows the price of {quoted(model)}{where}",
            location=context.document.locate_key(path),
            help=_HELP if len(path) == 2 else f"give the model a name under 'models', and {_HELP}",
            related=related,
        )


def _unpriced(context: Context, plan: Plan) -> Iterator[tuple[Path, str, str]]:
    """The models without a price: where each is named, its name, and in words where it is used."""
    for chat in models(context):
        if chat.model.price is None and _is_unpriced(chat.model.model, chat.known):
            yield chat.path, chat.model.model, ""
    for at, child in plan.children.items():
        for model in unpriced_models(child.plan) if child.plan is not None else ():
            if _is_unpriced(model, context.known(model)):
                path = (*plan.steps[at].path, "pipeline")
                yield path, model, f", which {quoted(child.file)} calls"


def _is_unpriced(model: str, known: KnownModel) -> bool:
    """Has it no price? Misspelt models and unknown providers are reported where they are named."""
    return known.price is None and known.nearest is None and has_provider(model, known)
