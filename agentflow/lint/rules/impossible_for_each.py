"""A `for_each` asks for something that its items cannot provide.

More instances have to succeed than there can be, or the list always has more items than `max`, or
all items get the same name. Such a step fails in every run, whatever its agents answer.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 20, items: {type: string}}}
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 20, min_success: 30}
        agent: sorter
        with: {text: "${{ item }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}

Says:

    17:69 30 instances have to succeed, and there are at most 20

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 20, items: {type: string}}}
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 20, min_success: 0.8}
        agent: sorter
        with: {text: "${{ item }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.schemas import shortest_list
from agentflow.plan.scopes import ITEM_NAMES
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.templates import UNREAD

NAME = "impossible-for-each"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each `min_success` above `max`, and each `key` that does not look at the item."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        for_each = step.for_each
        if for_each is None:
            continue
        least = for_each.min_success
        if isinstance(least, int) and least > for_each.max:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{least} instances have to succeed, and there are at most {for_each.max}",
                location=context.document.locate((*step.path, "for_each", "min_success")),
                help="a share of the items is written with a point: 0.8",
            )
        count = _least_items(context, step)
        if count > for_each.max:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the list has at least {count} items, and 'max' is {for_each.max}",
                location=context.document.locate((*step.path, "for_each", "over")),
                help=f"write 'max: {count}', or go over fewer items",
            )
        if (
            for_each.key not in (None, UNREAD)
            and for_each.max > 1
            and not _varies(context.plan, step)
        ):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message="the key is the same for every item, and no two may be called the same",
                location=context.document.locate((*step.path, "for_each", "key")),
                help="name what tells the items apart, as in ${{ item.id }}",
            )


def _least_items(context: Context, step: StepPlan) -> int:
    """How many items the list has in any run."""
    assert step.for_each is not None
    return shortest_list(context.types.of(step.for_each.over, address.parent(step.address) or ""))


def _varies(plan: Plan, step: StepPlan) -> bool:
    assert step.for_each is not None
    names = ITEM_NAMES.union(step.for_each.names)
    key = (*step.path, "for_each", "key")
    return any(use.reference.root in names for use in plan.uses if use.path[: len(key)] == key)
