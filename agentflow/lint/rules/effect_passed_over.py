"""A write may have happened, and the run continues as if it had not.

When the response to a write is lost, nobody knows whether the write happened, and the step ends as
`unknown_effect`: without an idempotency key at once, with one when there are no more attempts. A
`catch` for `any` covers that too, and with `skip` or a value the run succeeds and nobody looks.
Handle `unknown_effect` separately: with `fail`, or an escalation to people. For an effect that
cannot be undone, the same goes for an entry for `timeout` or `server_error`, by which such a case
begins.

A step with a key whose result nobody asks for, such as a message at the end, may be passed over: it
was tried safely as often as its author wants, and nothing depends on it. So may one after which a
step runs for what the `catch` gave, and only then: an undo that may be repeated, or a question to a
person.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    agents:
      refunder:
        kind: http
        url: https://payments.example/refunds
        effects: write
        input: {type: object, required: [order], properties: {order: {type: string}}}
        output: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      refund:
        agent: refunder
        with: {order: "${{ inputs.order }}"}
        catch: {any: skip}
    outputs: {id: '${{ default(steps.refund.output.id, "none") }}'}

Says:

    15:18 'refund' may have happened when this passes it over: 'any' takes 'unknown_effect' as well

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    agents:
      refunder:
        kind: http
        url: https://payments.example/refunds
        effects: write
        input: {type: object, required: [order], properties: {order: {type: string}}}
        output: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      refund:
        agent: refunder
        with: {order: "${{ inputs.order }}"}
        catch: {unknown_effect: fail, any: skip}
    outputs: {id: '${{ default(steps.refund.output.id, "none") }}'}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.amends import is_taken_up
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of
from agentflow.plan.failures import may_be_unknown
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "effect-passed-over"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each entry of a `catch` that takes what may have happened together with what has not."""
    if context.plan is None:
        return
    asked = {use.target for use in context.plan.uses}
    seen: set[str] = set()
    for step in context.plan.steps.values():
        found = _passes_over(context.plan, step) if may_be_unknown(step) else None
        if found is None or found[0].address in seen or _ends_in_itself(step, found[0], asked):
            continue
        around, key = found
        seen.add(around.address)
        if is_taken_up(context.plan, around, around.catch[key]):
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(step.id)} may have happened when this passes it over:"
            f" {quoted(key)} takes 'unknown_effect' as well",
            location=context.document.locate((*around.path, "catch", key)),
            help="say apart what follows that: 'unknown_effect: fail', or an escalation to people",
        )


def _ends_in_itself(step: StepPlan, around: StepPlan, asked: set[str | None]) -> bool:
    """Is each attempt the same as the first, and does nobody ask what became of it?"""
    ways = list(enclosing(step.address))
    within = ways[: ways.index(around.address) + 1]
    return asked.isdisjoint(within) and all(call.key is not None for call in calls_of(step))


def _passes_over(plan: Plan, step: StepPlan) -> tuple[StepPlan, str] | None:
    """The step whose `catch` passes over an unknown effect inside it, and the entry that does so.

    An entry for a class that leaves open what was done takes the unknown effect that began with it.
    Of what can be undone, it is taken for the author's word on that.
    """
    final = any(call.effects is Effects.IRREVERSIBLE for call in calls_of(step))
    keys = ("timeout", "server_error", "any") if final else ("any",)
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is None:
            continue
        if "unknown_effect" in around.catch:
            return None
        for key in keys:
            if key in around.catch and around.catch[key].action in ("skip", "use"):
                return around, key
        if "any" in around.catch:
            return None
    return None
