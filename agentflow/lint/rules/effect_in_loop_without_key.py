"""An irreversible effect is repeated without an idempotency key for each time.

Sooner or later it will not be known whether one of the repetitions happened. Without a key it
cannot be tried again, so one item ends the whole step, and nobody can tell afterwards which item it
was. Give it a key that varies with the item or the iteration, so that each of them has a name.

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
        effects: irreversible
        effects_reason: A person has approved the whole list.
        input: {type: object}
        output: {type: object}
    steps:
      refund:
        for_each: {over: "${{ inputs.orders }}", max: 100, as: order}
        agent: refunder
        with: {order: "${{ order }}"}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    17:3 'refund' cannot be undone, happens for each item of 'refund', and has no key

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
        effects: irreversible
        effects_reason: A person has approved the whole list.
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
from agentflow.lint.keys import repeating
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "effect-in-loop-without-key"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: Whoever says what follows one of these has thought of it.
_ROUTES = ("unknown_effect", "any")


def check(context: Context) -> Iterator[Finding]:
    """Each irreversible step without a key that is repeated by a `for_each` or a loop."""
    plan, document = context.plan, context.document
    if plan is None:
        return
    for step in plan.steps.values():
        calls = [call for call in calls_of(step) if call.effects is Effects.IRREVERSIBLE]
        if not calls or calls[0].key is not None or _is_routed(plan, step):
            continue
        outer = next(repeating(plan, step.address), None)
        if outer is None:
            continue
        key, what = ("for_each", "item") if outer.for_each is not None else ("loop", "iteration")
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(step.id)} cannot be undone, happens for each {what} of"
            f" {quoted(outer.id)}, and has no key",
            location=document.locate_key(step.path),
            help=f"give it an 'idempotency_key' that varies with the {what}",
            related=(Related("it is repeated here", document.locate_key((*outer.path, key))),),
        )


def _is_routed(plan: Plan, step: StepPlan) -> bool:
    around = (plan.steps.get(at) for at in enclosing(step.address))
    return any(key in each.catch for each in around if each is not None for key in _ROUTES)
