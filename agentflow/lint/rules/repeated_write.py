"""A write inside a loop or a list is given the same input each time, and so is simply repeated.

What a step writes in each iteration, or for each item, should depend on it. If nothing in its input
changes, the second write is the same as the first: the same mail, the same ticket, the same row.
Use the item or the iteration in the input, or move the write out of the loop.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters, author]
      properties:
        letters: {type: array, maxItems: 20, items: {type: string}}
        author: {type: string}
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
      teller:
        kind: command
        argv: [./tell]
        effects: write
        input: {type: object, required: [who], properties: {who: {type: string}}}
        output: {type: object}
    steps:
      each:
        for_each: {over: "${{ inputs.letters }}", max: 20, as: letter}
        steps:
          sort: {agent: sorter, with: {text: "${{ letter }}"}}
          tell: {agent: teller, with: {who: "${{ inputs.author }}"}, needs: [sort]}
        output: "${{ steps.sort.output }}"
    outputs: {sorted: "${{ steps.each.output }}"}

Says:

    28:7 'tell' writes the same for each item of 'each'

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters, author]
      properties:
        letters: {type: array, maxItems: 20, items: {type: string}}
        author: {type: string}
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
      teller:
        kind: command
        argv: [./tell]
        effects: write
        input: {type: object, required: [who], properties: {who: {type: string}}}
        output: {type: object}
    steps:
      each:
        for_each: {over: "${{ inputs.letters }}", max: 20, as: letter}
        agent: sorter
        with: {text: "${{ letter }}"}
      tell: {agent: teller, with: {who: "${{ inputs.author }}"}, needs: [each]}
    outputs: {sorted: "${{ steps.each.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.deeds import is_declared
from agentflow.lint.keys import Keys, is_conditional, repeating
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.templates import Constant
from agentflow.spec.wording import quoted

NAME = "repeated-write"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each write without a key whose arguments are certainly the same in all rounds around it.

    What is declared as a write by nobody may be none. A step that is not made each time is another
    matter, and so is one whose answer somebody reads: a new ticket each time, or the same request
    until it is granted.
    """
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    keys = Keys(plan)
    for step in plan.steps.values():
        if step.call is None or step.dispatch is not None or not _writes(context, step, step.call):
            continue
        outer = next(repeating(plan, step.address), None)
        if outer is None or is_conditional(plan, step, outer):
            continue
        given = context.uses_within.get((*step.path, "with"), ())
        if keys.varying(given, step.address, outer) or _is_read(plan, step, outer):
            continue
        key, what = ("for_each", "item") if outer.for_each is not None else ("loop", "iteration")
        when = "for each item" if outer.for_each is not None else "in each iteration"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(step.id)} writes the same {when} of {quoted(outer.id)}",
            location=context.document.locate_key(step.path),
            help=f"do it once, outside of {quoted(outer.id)}, or hand it something of the {what}",
            related=(
                Related("it is repeated here", context.document.locate_key((*outer.path, key))),
            ),
        )


def _writes(context: Context, step: StepPlan, call: CallPlan) -> bool:
    """Is it said to be a write of something, that nothing else makes safe to repeat?"""
    if call.effects is not Effects.WRITE or call.key is not None:
        return False
    if isinstance(call.arguments, Constant) and not call.arguments.value:
        return False  # it is given nothing at all, as one that does the next of what there is to do
    return is_declared(context, step, call)


def _is_read(plan: Plan, step: StepPlan, outer: StepPlan) -> bool:
    """Does anybody read its answer, which may differ each time: a new number, or a yes at last?"""
    inside = [at for at in enclosing(step.address) if outer.address in enclosing(at)]
    read = {step.address, *(at for at in inside if at != outer.address)}
    return any(use.target in read for use in plan.uses)
