"""Each iteration of a loop appends results for the same items again.

A list in the state grows by all results of a `for_each` that goes over the same items each time.
After two iterations every item is in it twice, the old result beside the new one. Readers of the
list take them for different items, or lose some of them. Pass on the last results only, or iterate
over new items only.

Bad:

    agentflow: 1
    name: leads
    inputs:
      type: object
      additionalProperties: false
      required: [people]
      properties: {people: {type: array, maxItems: 20, items: {type: string, maxLength: 100}}}
    agents:
      scorer:
        kind: command
        argv: [./score]
        effects: none
        input: {type: object}
        output: {type: integer, minimum: 0, maximum: 100}
      critic:
        kind: command
        argv: [./criticize]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [fine, remark]
          properties: {fine: {type: boolean}, remark: {type: string, maxLength: 400}}
    steps:
      rounds:
        loop:
          max: 3
          state: {scores: [], remark: none yet}
          until: steps.look.output.fine
          next:
            scores: "${{ loop.state.scores + steps.score.output }}"
            remark: "${{ steps.look.output.remark }}"
          steps:
            score:
              for_each: {over: "${{ inputs.people }}", max: 20, as: person}
              agent: scorer
              with: {person: "${{ person }}", remark: "${{ loop.state.remark }}"}
            look: {agent: critic, with: {scores: "${{ loop.state.scores + steps.score.output }}"}}
          output: "${{ loop.state.scores + steps.score.output }}"
    outputs: {scores: "${{ steps.rounds.output }}"}

Says:

    32:42 each iteration adds what 'score' makes of the same items, so 'loop.state.scores' has them several times

Good:

    agentflow: 1
    name: leads
    inputs:
      type: object
      additionalProperties: false
      required: [people]
      properties: {people: {type: array, maxItems: 20, items: {type: string, maxLength: 100}}}
    agents:
      scorer:
        kind: command
        argv: [./score]
        effects: none
        input: {type: object}
        output: {type: integer, minimum: 0, maximum: 100}
      critic:
        kind: command
        argv: [./criticize]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [fine, remark]
          properties: {fine: {type: boolean}, remark: {type: string, maxLength: 400}}
    steps:
      rounds:
        loop:
          max: 3
          state: {remark: none yet}
          until: steps.look.output.fine
          next: {remark: "${{ steps.look.output.remark }}"}
          steps:
            score:
              for_each: {over: "${{ inputs.people }}", max: 20, as: person}
              agent: scorer
              with: {person: "${{ person }}", remark: "${{ loop.state.remark }}"}
            look: {agent: critic, with: {scores: "${{ steps.score.output }}"}}
          output: "${{ steps.score.output }}"
    outputs: {scores: "${{ steps.rounds.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.loops import Round, next_field
from agentflow.lint.rule import Context, Family
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import every
from agentflow.spec.cel.syntax import Binary, Comprehension, Expr
from agentflow.spec.expressions import Reference, references
from agentflow.spec.templates import MapOf, Template, Whole
from agentflow.spec.wording import quoted

NAME = "piled-up-results"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each field of a state that grows by results for items that are the same in each iteration."""
    plan = context.plan
    if plan is None:
        return
    for each in context.loops:
        for name, template in entries(each.loop.next).items():
            if not _grows(name, template):
                continue
            for use in each.uses:
                if next_field(use, each.body) != name:
                    continue
                source = _list_behind(context, each, use)
                if source is not None and _goes_over_the_same(context, each, source):
                    yield _finding(context, name, use, source)


def _finding(context: Context, name: str, use: Use, source: StepPlan) -> Finding:
    place = context.document.locate_key((*source.path, "for_each"))
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"each iteration adds what {quoted(source.id)} makes of the same items, "
        f"so {quoted(f'loop.state.{name}')} has them several times",
        location=context.document.in_string(use.path, use.start, use.end),
        help="hand on the last results alone, or go over those items only that are new",
        related=(Related("the same items are gone over here", place),),
    )


def _grows(name: str, template: Template) -> bool:
    """Is it what it was, or a part of that, and something added to it that may be there already?"""
    match template:
        case MapOf(fields):
            return any(_grows(name, inside) for _, inside in fields)
        case Whole(expr):
            return any(_is_own(one, name) for one in _added(expr)) and not _looks(expr, name)
    return False


def _is_own(reference: Reference, name: str) -> bool:
    return reference.root == "loop" and reference.path[:2] == ("state", name)


def _looks(expr: Expr, name: str) -> bool:
    """Is each new item compared with what is there?"""
    return any(
        isinstance(part, Comprehension) and any(_is_own(one, name) for one in references(part.body))
        for part in every(expr)
    )


def _added(expr: Expr) -> Iterator[Reference]:
    """The references that are terms of a sum."""
    if isinstance(expr, Binary) and expr.operator == "+":
        for term in (expr.left, expr.right):
            if isinstance(term, Binary) and term.operator == "+":
                yield from _added(term)
            else:
                yield from references(term)


def _list_behind(context: Context, each: Round, use: Use) -> StepPlan | None:
    """The step that goes over a list inside an iteration, all of whose results are read."""
    assert context.plan is not None
    seen: set[str] = set()
    pending = [use]
    while pending:
        one = pending.pop()
        source = context.plan.steps.get(one.target or "")
        if source is None or not each.is_inside(one) or source.address in seen:
            continue
        seen.add(source.address)
        if source.for_each is not None:
            if _is_all(one):
                return source
        elif source.kind == "group":
            given = (*source.path, "output")
            key = one.reference.path[2] if len(one.reference.path) > 2 else None
            if isinstance(key, str) and context.document.node((*given, key)) is not None:
                given = (*given, key)
            pending.extend(context.uses_within.get(given, ()))
    return None


def _is_all(use: Use) -> bool:
    """Is it the whole of what a step has come to?"""
    return use.reference.path[1:] in (("output",), ("output", None), ("items",), ("items", None))


def _goes_over_the_same(context: Context, each: Round, source: StepPlan) -> bool:
    """Does a step inside go over a list that nothing in the loop changes?"""
    over = context.uses_within.get((*source.path, "for_each", "over"), ())
    return not any(use in each.own or each.is_inside(use) for use in over)
