"""A whole number is compared with a fraction, as if it were on a different scale.

The score goes from 0 to 100, but the condition was written for a scale from 0 to 1: with `>= 0.8`
everything but 0 passes, and a gate that was meant to hold back most answers lets nearly all of them
through.

Bad:

    agentflow: 1
    name: posts
    inputs: {type: object, required: [post], properties: {post: {type: string}}}
    agents:
      rater:
        kind: command
        argv: [./rate]
        effects: none
        input: {type: object}
        output: {type: object, required: [score], properties: {score: {type: integer, minimum: 0, maximum: 100}}}
      publisher: {kind: command, argv: [./publish], effects: write, input: {type: object}, output: {type: string}}
    steps:
      rate: {agent: rater, with: {post: "${{ inputs.post }}"}}
      publish: {when: steps.rate.output.score >= 0.8, agent: publisher, with: {post: "${{ inputs.post }}"}}

Says:

    14:19 'steps.rate.output.score' is a whole number, 0 to 100, so '>= 0.8' is '>= 1'

Good:

    agentflow: 1
    name: posts
    inputs: {type: object, required: [post], properties: {post: {type: string}}}
    agents:
      rater:
        kind: command
        argv: [./rate]
        effects: none
        input: {type: object}
        output: {type: object, required: [score], properties: {score: {type: integer, minimum: 0, maximum: 100}}}
      publisher: {kind: command, argv: [./publish], effects: write, input: {type: object}, output: {type: string}}
    steps:
      rate: {agent: rater, with: {post: "${{ inputs.post }}"}}
      publish: {when: steps.rate.output.score >= 80, agent: publisher, with: {post: "${{ inputs.post }}"}}
"""

from collections.abc import Iterator
from math import ceil, floor

from agentflow.findings import Finding, Severity
from agentflow.lint.macro_variables import Variables
from agentflow.lint.rule import Context, Family
from agentflow.lint.written import expressions
from agentflow.plan.numbers import Range, meet, number_of, range_of_expression
from agentflow.spec.cel.logic import Comparison, compared, every
from agentflow.spec.cel.syntax import Comprehension, Expr
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "other-scale"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each comparison of a whole number with a fraction within its range."""
    for expr, path, offset, place in expressions(context.plan) if context.plan is not None else ():
        node = context.document.node(path)
        text = node.text[offset:] if isinstance(node, Scalar) else ""
        for part, asked, span in _compared(expr, Variables(context.types, place)):
            number = number_of(asked.other) or 0
            written = quoted(text[asked.one.start : asked.one.end])
            whole = ceil(number) if asked.operator in (">=", "<") else floor(number)
            bounds = "" if str(span) == "a whole number" else f", {span}"
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{written} is a whole number{bounds}, so"
                f" '{asked.operator} {number:g}' is '{asked.operator} {whole}'",
                location=context.document.in_string(path, offset + part.start, offset + part.end),
                help="compare it on the scale that its contract has",
            )


def _compared(expr: Expr, scope: Variables) -> Iterator[tuple[Expr, Comparison, Range]]:
    for part in every(expr):
        if isinstance(part, Comprehension):
            yield from _compared(part.source, scope)
            yield from _compared(part.body, scope.inside(part))
            continue
        asked = compared(part)
        number = number_of(asked.other) if asked is not None else None
        if asked is None or number is None or number == int(number):
            continue
        span = range_of_expression(asked.one, scope.of)
        inside = (
            span is not None
            and not meet(Range(span.low, span.high), Range(number, number)).is_empty
        )
        if span is not None and span.whole and inside and asked.operator not in ("==", "!="):
            yield part, asked, span
