"""Each iteration of a loop adds the results for the same items again.

A list in the state grows by all results of a `for_each` that goes over the same items each time.
After two iterations every item is in it twice, the old result beside the new one, and whoever reads
the list takes them for different items, or loses some to the others.

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
from agentflow.spec.cel.syntax import Binary, Expr
from agentflow.spec.expressions import Reference, references
from agentflow.spec.templates import Template, Whole
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
                source = plan.steps.get(use.target or "")
                if next_field(use, each.body) != name or source is None:
                    continue
                if not _goes_over_the_same(context, each, source) or not _is_all(use):
                    continue
                place = context.document.locate_key((*source.path, "for_each"))
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"each iteration adds what {quoted(source.id)} makes of the same items, "
                    f"so {quoted(f'loop.state.{name}')} has them several times",
                    location=context.document.in_string(use.path, use.start, use.end),
                    help="hand on the last results alone, or go over those items only that are new",
                    related=(Related("the items", place),),
                )


def _grows(name: str, template: Template) -> bool:
    """Is it what it was, and something added to it?"""
    return isinstance(template, Whole) and any(
        reference.root == "loop" and reference.path == ("state", name)
        for reference in _added(template.expr)
    )


def _added(expr: Expr) -> Iterator[Reference]:
    """The references that are terms of a sum."""
    if isinstance(expr, Binary) and expr.operator == "+":
        for term in (expr.left, expr.right):
            if isinstance(term, Binary) and term.operator == "+":
                yield from _added(term)
            else:
                yield from references(term)


def _is_all(use: Use) -> bool:
    """Is it the whole of what a step has come to?"""
    return use.reference.path[1:] in (("output",), ("output", None))


def _goes_over_the_same(context: Context, each: Round, source: StepPlan) -> bool:
    """Does a step inside go over a list that nothing in the loop changes?"""
    if source.for_each is None or not any(use.target == source.address for use in each.uses):
        return False
    over = context.uses_within.get((*source.path, "for_each", "over"), ())
    return not any(use in each.own or each.is_inside(use) for use in over)
