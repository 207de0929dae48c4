"""Models may be called a great many times, and no budget limits the cost.

Without a `budget`, a run may make 10,000 calls, each as long as the model's own limit. A list that
is longer than usual, or a loop that uses all its iterations, is then noticed on the bill.
`budget.usd`, `tokens` or `calls` stops the run before that, and `agentflow plan` says what a run
can come to. Up to 1,000 calls of one step are not reported (`thresholds.unbudgeted-calls.calls` of
the project).

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 2000, items: {type: string, maxLength: 2000}}}
    models: {small: {model: openai/gpt-5-mini, max_output_tokens: 100}}
    agents:
      sorter:
        kind: llm
        model: small
        instructions: Is it a question?
        timeout: 30s
        input: {type: object, required: [text], properties: {text: {type: string, maxLength: 2000}}}
        output: {type: boolean}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 2000, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
    outputs: {questions: "${{ steps.sort.output }}"}

Says:

    18:3 'sort' calls a model up to 2,000 times, and no budget bounds calls, tokens or money

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 2000, items: {type: string, maxLength: 2000}}}
    models: {small: {model: openai/gpt-5-mini, max_output_tokens: 100}}
    budget: {calls: 2500}
    agents:
      sorter:
        kind: llm
        model: small
        instructions: Is it a question?
        timeout: 30s
        input: {type: object, required: [text], properties: {text: {type: string, maxLength: 2000}}}
        output: {type: boolean}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 2000, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
    outputs: {questions: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.budgets import bounds
from agentflow.lint.chats import calls_at_most, chats
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "unbudgeted-calls"
FAMILY = Family.BOUND
SEVERITY = Severity.ADVICE
#: So many calls of one step are a surprise on the bill.
THRESHOLDS = {"calls": 1000}

_SPENDING = frozenset({"calls", "tokens", "usd"})


def check(context: Context) -> Iterator[Finding]:
    """The step that calls its model most, if that is often and no budget bounds it.

    Retries and repairs are not counted: they have budgets and bounds of their own.
    """
    plan = context.plan
    if plan is None:
        return
    most = (THRESHOLDS | {**context.thresholds.get(NAME, {})})["calls"]
    bounded = {
        bound.path[:-2]
        for bound in bounds(plan)
        if bound.what in _SPENDING and context.document.node(bound.path) is not None
    }
    called = [
        (calls_at_most(plan, chat), chat.step)
        for chat in chats(context)
        if bounded.isdisjoint(_around(plan, chat.step))
    ]
    count, step = max(called, key=lambda each: each[0], default=(0, None))
    if step is not None and count >= most:
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(step.id)} calls a model up to {count:,} times, and no budget bounds"
            " calls, tokens or money",
            location=context.document.locate_key(step.path),
            help="add a 'budget' with 'usd', 'tokens' or 'calls'; 'agentflow plan' says what a run"
            " can come to",
        )


def _around(plan: Plan, step: StepPlan) -> Iterator[Path]:
    """The paths of a step and of all around it, out to the pipeline."""
    for at in enclosing(step.address):
        if at in plan.steps:
            yield plan.steps[at].path
    yield ()
