"""Tokens or money are bounded, but the length of a model's answers is not.

Before a chat model is called, the most that the call may cost is reserved from the budget. Without
`max_output_tokens` nobody can say how long its answer may get, so no budget is large enough and the
call is refused.

Bad:

    agentflow: 1
    name: letters
    budget: {tokens: 20000}
    models:
      small: {model: openai/gpt-5-mini}
    agents:
      writer:
        kind: llm
        model: small
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    5:3 'budget.tokens' cannot be kept: model 'small' has no 'max_output_tokens'

Good:

    agentflow: 1
    name: letters
    budget: {tokens: 20000}
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: small
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.budgets import Bound, bounds
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import calls_in
from agentflow.plan.steps import Plan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "unlimited-answer"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR

_COSTS = frozenset({"tokens", "usd"})


def check(context: Context) -> Iterator[Finding]:
    """Each model whose answers have no limit, where tokens or money have one."""
    if context.plan is None:
        return
    bound = next((each for each in bounds(context.plan) if each.what in _COSTS), None)
    if bound is None:
        return
    for path, name in _unlimited(context.plan):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"'budget.{bound.what}' cannot be kept: model {quoted(name)} has no"
            " 'max_output_tokens'",
            location=context.document.locate_key(path),
            help="say how long its answers may be: max_output_tokens: …"
            if path[0] == "models"
            else "give the model a name under 'models', with max_output_tokens: …",
            related=(_because(context, bound),),
        )


def _unlimited(plan: Plan) -> Iterator[tuple[Path, str]]:
    """The models that are called without a limit, each where it is defined, or else named."""
    models = plan.pipeline.models
    seen = set()
    for call in calls_in(plan):
        if call.chat is None or call.chat.max_output_tokens is not None:
            continue
        name: str = getattr(call.options, "model", "")
        path: Path = ("models", name) if name in models else ("agents", call.agent, "model")
        if path not in seen:
            seen.add(path)
            yield path, name


def _because(context: Context, bound: Bound) -> Related:
    return Related("the bound is set here", context.document.locate_key(bound.path))
