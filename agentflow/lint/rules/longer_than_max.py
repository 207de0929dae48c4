"""The contract allows a list that is longer than the `max` of what iterates over it.

`max` of a `for_each` and `max_tasks` of a `delegate` are limits, and nothing is cut off: a longer
list fails the step, after the list has been paid for. If a contract says how long a list can get,
the two numbers should agree: raise the limit, or lower `maxItems`, which whoever makes the list is
told about.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 500, items: {type: string, maxLength: 2000}}}
    agents:
      sorter: {kind: command, argv: [./sort], effects: none, input: {type: object}, output: {type: string}}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 50}
        agent: sorter
        with: {text: "${{ item }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}

Says:

    12:52 the list may have 500 items, and a list of more than 50 fails 'sort'

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 50, items: {type: string, maxLength: 2000}}}
    agents:
      sorter: {kind: command, argv: [./sort], effects: none, input: {type: object}, output: {type: string}}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 50}
        agent: sorter
        with: {text: "${{ item }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterator
from math import isinf

from msgspec import Struct

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.schemas import longest_list, shortest_list
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.templates import Template
from agentflow.spec.wording import quoted

NAME = "longer-than-max"
FAMILY = Family.BOUND
SEVERITY = Severity.ADVICE


class _Bound(Struct, frozen=True):
    """How long a list may be that a step goes over; `path` is where that is written."""

    step: StepPlan
    items: Template
    place: str
    most: int
    path: Path
    what: str


def check(context: Context) -> Iterator[Finding]:
    """Each bound that is smaller than what the type of its list allows."""
    for bound in _bounds(context.plan) if context.plan is not None else ():
        longest = _longest(context, bound)
        if longest is not None and longest > bound.most:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the list may have {longest:,} {bound.what}, and a list of more than"
                f" {bound.most:,} fails {quoted(bound.step.id)}",
                location=context.document.locate(bound.path),
                help=f"write {longest} here, or 'maxItems: {bound.most}' in the contract of the list",
            )


def _bounds(plan: Plan) -> Iterator[_Bound]:
    for step in plan.steps.values():
        each, delegate = step.for_each, step.delegate
        if each is not None:
            place, path = address.parent(step.address) or "", (*step.path, "for_each", "max")
            yield _Bound(step, each.over, place, each.max, path, "items")
        if delegate is not None:
            path = (*step.path, "delegate", "max_tasks")
            yield _Bound(step, delegate.tasks, step.address, delegate.max_tasks, path, "tasks")


def _longest(context: Context, bound: _Bound) -> int | None:
    """The most items that the type of the list allows, if it says so."""
    if not context.types.exact(bound.items, bound.place):
        return None
    schema = context.types.of(bound.items, bound.place)
    most = longest_list(schema)
    if isinf(most) or shortest_list(schema) > bound.most:
        return None  # where every list is too long, `impossible-for-each` tells of it
    return int(most)
