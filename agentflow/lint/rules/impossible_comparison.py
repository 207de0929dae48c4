"""A value is compared with something that it can never be.

The contract lists the values that may come, or their type, and what they are compared with is none
of them: a misspelt choice, or a number in quotes. The comparison has the same result in every run,
so a `filter` leaves nothing, or the same one of two values is always chosen. A `when` or `until`
that cannot hold for this reason is reported by `unreachable-step` and `constant-until`. It is a
warning with `!=`, which is then always true; on one side of an `||` whose other side may hold; if a
condition before `?` is true for all possible choices; and if a value that is passed on is always
true. A condition after another `?` is only compared with the choices that are left.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      splitter:
        kind: command
        argv: [./split]
        effects: none
        input: {type: object}
        output:
          type: array
          maxItems: 10
          items: {type: object, required: [kind], properties: {kind: {enum: [question, praise]}}}
    steps:
      split: {agent: splitter, with: {text: "${{ inputs.text }}"}}
    outputs: {praise: '${{ steps.split.output.filter(part, part.kind == "prase") }}'}

Says:

    16:69 'part.kind' is never 'prase'

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      splitter:
        kind: command
        argv: [./split]
        effects: none
        input: {type: object}
        output:
          type: array
          maxItems: 10
          items: {type: object, required: [kind], properties: {kind: {enum: [question, praise]}}}
    steps:
      split: {agent: splitter, with: {text: "${{ inputs.text }}"}}
    outputs: {praise: '${{ steps.split.output.filter(part, part.kind == "praise") }}'}
"""

from collections.abc import Iterable, Iterator

from agentflow.findings import Finding, Location, Severity
from agentflow.lint.choices import constant_value, decided_choices, no_choices
from agentflow.lint.comparisons import decisive, made_up_for, mismatches
from agentflow.lint.macro_variables import Variables
from agentflow.lint.names import Suggestions
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context, Family
from agentflow.lint.written import expressions
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Path
from agentflow.spec.yaml.nodes import Scalar

NAME = "impossible-comparison"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR

_CONDITIONS = ("when", "until", "that")


def check(context: Context) -> Iterator[Finding]:
    """Each comparison of two sides that are never equal, and each choice that is none."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for expr, path, offset, place in expressions(context.plan):
        node = context.document.node(path)
        text = node.text[offset:] if isinstance(node, Scalar) else ""
        scope = Variables(context.types, place)
        found, choices = list(mismatches(expr, scope)), list(no_choices(expr, text, scope))
        choices += decided_choices(context, expr, text, place)
        if path[-1] not in (*_CONDITIONS, "switch"):
            choices += constant_value(expr, text, scope)
        if not found and not choices:
            continue
        told = set(_told_elsewhere(expr, text, scope, path))
        spared = [(side.start, side.end) for side in made_up_for(expr, scope)] if found else []
        for each in found:
            if not _is_within(each.whole, told):
                told.add((each.whole.start, each.whole.end))
                harmless = each.whole.operator == "!=" or _is_within(each.whole, spared)
                severity = Severity.WARNING if harmless else SEVERITY
                location = _location(context, path, offset, each.part)
                advice = each.advice(suggestions)
                yield Finding(NAME, severity, each.why(text), location, advice)
        for choice in choices:
            part = choice.part
            if choice.harmless and path[-1] == "until":
                continue  # what ends a loop is told there
            if not any(start <= part.end and part.start <= end for start, end in told):
                told.add((part.start, part.end))
                severity = Severity.WARNING if choice.harmless else SEVERITY
                message = f"{choice.why}, {choice.so}"
                location = _location(context, path, offset, part)
                yield Finding(NAME, severity, message, location, "ask for a value that may come")


def _told_elsewhere(
    expr: Expr, text: str, scope: Variables, path: Path
) -> Iterator[tuple[int, int]]:
    """What other rules say of a condition as a whole."""
    if path[-1] not in _CONDITIONS:
        return
    for truth in (True, False):
        found = impossible(expr, text, scope, truth=truth)
        if found is not None:
            yield found.part.start, found.part.end
    if path[-1] != "that":
        for each in decisive(expr, scope):
            yield each.whole.start, each.whole.end


def _is_within(part: Expr, places: Iterable[tuple[int, int]]) -> bool:
    return any(start <= part.start and part.end <= end for start, end in places)


def _location(context: Context, path: Path, offset: int, part: Expr) -> Location:
    return context.document.in_string(path, offset + part.start, offset + part.end)
