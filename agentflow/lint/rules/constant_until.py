"""The condition that ends a loop never changes, or can never become true.

A loop ends well when `until` becomes true. If it never can, every run goes through all iterations,
pays for them, and ends as `exhausted`. An example is a number outside the range that its contract
allows; and if every number in that range fulfils the condition, there is only one iteration. An
`until` that does not look at the iteration is true after the first one or never.

`until` sees the state before `next` of the same iteration changes it: with `max: 3`, a counter that
begins at 0 and goes up by 1 gets to 2. If one side of an `||` never holds, only the other one can
end the loop.

If `catch.exhausted` says what follows, `until: "false"` is a way to repeat a fixed number of times,
and is not reported.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict]
          properties: {verdict: {enum: [good, poor]}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: "${{ inputs.body }}"}
          until: steps.check.output.verdict == "fine"
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    30:14 'steps.check.output.verdict' is never 'fine', so the loop can only be exhausted

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict]
          properties: {verdict: {enum: [good, poor]}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: "${{ inputs.body }}"}
          until: steps.check.output.verdict == "good"
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.comparisons import decisive
from agentflow.lint.conditions import constant
from agentflow.lint.loops import Round, changes
from agentflow.lint.macro_variables import Variables
from agentflow.lint.names import Suggestions
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context, Family
from agentflow.spec.cel.syntax import Binary, Expr

NAME = "constant-until"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR

_ADVICE_ON_NUMBERS = "ask for what does not come every time, or take the loop out"
_ADVICE = "let it look at a step of the iteration, or at 'loop.state'"


def check(context: Context) -> Iterator[Finding]:
    """Each `until` that is the same after every iteration, or asks for what cannot come."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for each in context.loops:
        until = each.loop.until
        if until is None:
            continue
        constantly = constant(until)
        if constantly is False and _goes_on(each):
            continue
        if isinstance(constantly, bool):
            yield _constant(context, each, until, constantly)
        elif not _looks_inside(each):
            message = "'until' is the same after every iteration: it reads nothing that changes"
            yield _finding(context, each, until, Severity.WARNING, message, _ADVICE)
        scope = Variables(context.types, each.body.address)
        never = list(decisive(until, scope))
        for found in never:
            message = f"{found.why(each.loop.until_text)}, so the loop can only be exhausted"
            advice = found.advice(suggestions)
            yield _finding(context, each, found.whole, SEVERITY, message, advice)
        if not never:
            yield from _by_numbers(context, each, until, scope)


def _goes_on(each: Round) -> bool:
    """Does the spec say what follows an exhausted loop? Then a fixed number of rounds is meant."""
    action = each.step.catch.get("exhausted")
    return action is not None and action.action != "fail"


def _constant(context: Context, each: Round, until: Expr, value: bool) -> Finding:
    if value:
        message = "'until' is true after every iteration, so there is only one"
        return _finding(context, each, until, Severity.WARNING, message, _ADVICE)
    message = "'until' is false after every iteration, so the loop can only be exhausted"
    return _finding(context, each, until, SEVERITY, message, _ADVICE)


def _by_numbers(context: Context, each: Round, until: Expr, scope: Variables) -> Iterator[Finding]:
    """A condition on numbers that none of them fulfils, or every one; or of an `||`, a side."""
    text = each.loop.until_text
    never = impossible(until, text, scope, truth=True, careful=False)
    if never is not None:
        message = f"{never.why}, so the loop can only be exhausted"
        counts = "loop." in text[never.part.start : never.part.end] and _goes_on(each)
        severity = Severity.WARNING if counts else SEVERITY
        yield _finding(context, each, never.part, severity, message, _may_come(text, never.part))
    always = impossible(until, text, scope, truth=False)
    if always is not None:
        message = f"{always.why}, so 'until' is true after every iteration"
        yield _finding(context, each, always.part, Severity.WARNING, message, _ADVICE_ON_NUMBERS)
    for side in _sides(until) if never is None else ():
        found = impossible(side, text, scope, truth=True)
        if found is not None:
            message = f"{found.why}, so this side of '||' never ends the loop"
            advice = _may_come(text, found.part)
            yield _finding(context, each, found.part, Severity.WARNING, message, advice)


def _sides(until: Expr) -> Iterator[Expr]:
    """The conditions of which one is enough, if there are several."""
    match until:
        case Binary("||", left, right):
            for side in (left, right):
                yield from list(_sides(side)) or [side]


def _may_come(text: str, part: Expr) -> str:
    if "loop.state" in text[part.start : part.end]:
        return "'until' sees the state before 'next' changes it: ask for a value that may come"
    return "ask for a value that may come"


def _looks_inside(each: Round) -> bool:
    """Does it read a step of the iteration, or of the loop what may be another in the next?"""
    uses = [use for use in each.uses if each.part(use) == "until"]
    return any(each.is_inside(use) or (use in each.own and changes(each, use)) for use in uses)


def _finding(
    context: Context, each: Round, part: Expr, severity: Severity, message: str, advice: str
) -> Finding:
    place = context.document.in_string((*each.body.path, "until"), part.start, part.end)
    return Finding(NAME, severity, message, place, advice)
