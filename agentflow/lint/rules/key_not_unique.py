"""Different pieces of work have the same idempotency key.

Who honours the key does the first of them and takes the others for repeats of it: they answer as
if they were done, and never are. A key in a `for_each` has to vary with the item, one in a loop
with the iteration, and every key with the run.

Bad:

    agentflow: 1
    name: refunds
    inputs:
      type: object
      additionalProperties: false
      required: [orders]
      properties: {orders: {type: array, items: {type: string}}}
    agents:
      refunder:
        kind: command
        argv: [./refund]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      refund:
        for_each: {over: "${{ inputs.orders }}", max: 100, as: order}
        agent: refunder
        with: {order: "${{ order }}"}
        idempotency_key: "${{ run.id }}/refund"
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    20:5 the key is the same for every item of 'refund'

Good:

    agentflow: 1
    name: refunds
    inputs:
      type: object
      additionalProperties: false
      required: [orders]
      properties: {orders: {type: array, items: {type: string}}}
    agents:
      refunder:
        kind: command
        argv: [./refund]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      refund:
        for_each: {over: "${{ inputs.orders }}", max: 100, as: order}
        agent: refunder
        with: {order: "${{ order }}"}
        idempotency_key: "${{ run.id }}/refund/${{ order }}"
    outputs: {done: "${{ steps.refund.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.keys import Keys
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers
from agentflow.plan.steps import StepPlan
from agentflow.spec.templates import Constant
from agentflow.spec.wording import quoted

NAME = "key-not-unique"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each key that certainly names more than one piece of work."""
    if context.plan is None:
        return
    for caller in callers(context.plan):
        key = caller.call.key if caller.call is not None else None
        is_tool = caller.address not in context.plan.steps
        if is_tool and isinstance(key, Constant) and key.value is not None:
            yield _in_every_run(context, caller)
    keys = Keys(context.plan)
    for step in keys:
        outer = keys.same_for_all(step)
        if outer is not None:
            yield _shared(context, step, outer)
        elif all(use.reference.root == "index" for use in keys.uses(step)):
            yield _in_every_run(context, step)


def _in_every_run(context: Context, step: StepPlan) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message="the key is the same in every run",
        location=context.document.locate_key((*step.path, "idempotency_key")),
        help="put run.id into it, or the input that tells one run from another",
    )


def _shared(context: Context, step: StepPlan, outer: StepPlan) -> Finding:
    if outer.for_each is not None:
        name = (*outer.for_each.names, "item")[0]
        key, what, advice = "for_each", "item", f"what tells one {quoted(name)} from another"
    else:
        key, what, advice = "loop", "iteration", "loop.index, or what the iteration is about,"
    place = context.document.locate_key((*outer.path, key))
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"the key is the same for every {what} of {quoted(outer.id)}",
        location=context.document.locate_key((*step.path, "idempotency_key")),
        help=f"put {advice} into it",
        related=(Related(f"one for each {what}", place),),
    )
