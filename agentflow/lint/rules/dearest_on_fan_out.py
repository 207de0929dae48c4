"""The most expensive model gets the most calls.

A step with many items calls the most expensive model of the pipeline, and a step with few a cheaper
one. Usually it should be the other way round: a small model for the many small questions, and the
large one for the step that combines the answers.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 500, items: {type: string, maxLength: 2000}}}
    models:
      small: {model: openai/gpt-5-mini, price: {input: 0.25, output: 2}, max_output_tokens: 500}
      large: {model: openai/gpt-5, price: {input: 1.25, output: 10}, max_output_tokens: 500}
    agents:
      sorter:
        kind: llm
        model: large
        instructions: Is it a question?
        input: {type: object, required: [text], properties: {text: {type: string, maxLength: 2000}}}
        output: {type: boolean}
      reporter:
        kind: llm
        model: small
        instructions: How many are questions? Write a sentence.
        input: {type: object, required: [found], properties: {found: {type: array, maxItems: 500, items: {type: boolean}}}}
        output: {type: string, maxLength: 400}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 500, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
      report: {agent: reporter, with: {found: "${{ steps.sort.output }}"}}
    outputs: {report: "${{ steps.report.output }}"}

Says:

    25:3 'sort' calls 'large' up to 500 times, which costs 5 times as much as 'small'

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 500, items: {type: string, maxLength: 2000}}}
    models:
      small: {model: openai/gpt-5-mini, price: {input: 0.25, output: 2}, max_output_tokens: 500}
      large: {model: openai/gpt-5, price: {input: 1.25, output: 10}, max_output_tokens: 500}
    agents:
      sorter:
        kind: llm
        model: small
        instructions: Is it a question?
        input: {type: object, required: [text], properties: {text: {type: string, maxLength: 2000}}}
        output: {type: boolean}
      reporter:
        kind: llm
        model: large
        instructions: How many are questions? Write a sentence.
        input: {type: object, required: [found], properties: {found: {type: array, maxItems: 500, items: {type: boolean}}}}
        output: {type: string, maxLength: 400}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 500, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
      report: {agent: reporter, with: {found: "${{ steps.sort.output }}"}}
    outputs: {report: "${{ steps.report.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import Chat, calls_at_most, chats
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "dearest-on-fan-out"
FAMILY = Family.ECONOMY
SEVERITY = Severity.ADVICE
THRESHOLDS = {"calls": 20, "times": 4}


def check(context: Context) -> Iterator[Finding]:
    """The widest step with a model, if its model costs several times that of a narrower one."""
    plan = context.plan
    if plan is None or plan.pipeline.why_multi_agent is not None:
        return
    limits = THRESHOLDS | {**context.thresholds.get(NAME, {})}
    most, ratio = limits["calls"], limits["times"]
    priced = [
        (calls_at_most(plan, chat), price, chat)
        for chat in chats(context)
        if (price := _price(chat)) is not None
    ]
    if not priced:
        return
    calls, price, widest = max(priced, key=lambda each: (each[0], each[1]))
    others = [each for each in priced if each[1] * ratio <= price and each[0] * ratio <= calls]
    if calls < most or not others or price < max(each[1] for each in priced):
        return
    _, cheap, cheaper = min(others, key=lambda each: each[1])
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(widest.step.id)} calls {quoted(widest.name)} up to {calls:,} times, which costs"
        f" {price / cheap:.3g} times as much as {quoted(cheaper.name)}",
        location=context.document.locate_key(widest.step.path),
        help="try the cheaper one here, and turn to the other for what it is not sure of"
        " ('confidence' and an escalation)",
        related=(
            Related(
                "the cheaper model is used here", context.document.locate_key(cheaper.step.path)
            ),
        ),
    )


def _price(chat: Chat) -> float | None:
    """US dollars for a million tokens in and as many out; None if nobody knows."""
    own = chat.model.price
    if own is not None:
        return own.input + own.output
    return sum(chat.known.price) if chat.known.price is not None else None
