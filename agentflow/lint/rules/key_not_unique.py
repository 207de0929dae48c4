"""Different pieces of work share the same idempotency key.

A service that honours the key does the first piece of work and takes the others for repeats of it:
it answers as if they were done, and never does them. A key in a `for_each` has to vary with the
item, one in a loop with the iteration, and every key with the run. Two steps that ask the same
agent for different things need different keys. If the URL of a request contains more than the key,
such as a commit of a repository, it is advice to put that into the key, too.

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

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.deeds import fields_of_url
from agentflow.lint.keys import Keys
from agentflow.lint.origins import within
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.calls import callers
from agentflow.plan.steps import StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.references import Steps
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
        else:
            yield from _wider_than_url(context, keys, step)
    for first, second in _twice(keys):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(second.id)} is given something else than {quoted(first.id)} and has"
            " the same key, so it is taken for a repeat",
            location=context.document.locate_key((*second.path, "idempotency_key")),
            help=f"put what tells the two apart into it, such as {quoted(second.id)}",
            related=(
                Related(
                    "the same key is here",
                    context.document.locate_key((*first.path, "idempotency_key")),
                ),
            ),
        )


def _twice(keys: Keys) -> Iterator[tuple[StepPlan, StepPlan]]:
    """Steps that ask one agent for different things by one key, each with the first that has it."""
    known: dict[tuple[str, str | None, object], list[StepPlan]] = {}
    for step in keys:
        if step.dispatch is not None:
            continue
        assert step.call is not None
        scope = address.parent(step.address) or ""
        before = known.setdefault((scope, step.agent, step.call.key), [])
        first = next((each for each in before if _clash(keys, each, step)), None)
        if first is not None:
            yield first, step
        before.append(step)


def _clash(keys: Keys, first: StepPlan, second: StepPlan) -> bool:
    """Do both happen in some run, with the same key for certain and not for the same?"""
    assert first.call is not None
    assert second.call is not None
    if first.call.arguments == second.call.arguments and _over(first) == _over(second):
        return False
    if first.when is not None and second.when is not None:
        return False  # only one of them may happen
    if keys.go_by(first, second) or keys.go_by(second, first):
        return False
    own = {use.reference.root for each in (first, second) for use in keys.uses(each)}
    names = {name for each in (first, second) if each.for_each for name in each.for_each.names}
    # The items of another list are others, and its numbers begin at 0 as well.
    return _over(first) == _over(second) or own.isdisjoint({"item", *names})


def _over(step: StepPlan) -> object:
    return step.for_each.over if step.for_each is not None else None


def _wider_than_url(context: Context, keys: Keys, step: StepPlan) -> Iterator[Finding]:
    """A key that names the first things of a url, and not the last, which is one of them.

    What names anything else may well tell which it is.
    """
    assert step.call is not None
    fields = fields_of_url(step.call)
    if len(fields) < 2 or step.dispatch is not None:
        return
    *before, last = (list(within(context, (*step.path, "with", name))) for name in fields)
    known = {_way(use) for uses in before for use in uses}
    named = {_way(use) for use in keys.uses(step)}
    if not named or not named <= known or len(last) != 1 or last[0].target is not None:
        return
    if last[0].reference.root == "run" or _way(last[0]) in known:
        return
    way = (part for part in last[0].reference.path if part is not None)
    source = quoted(path_text((last[0].reference.root, *way)))
    yield Finding(
        rule=NAME,
        severity=Severity.ADVICE,
        message=f"the key is the same for every {source}, which the url names as well",
        location=context.document.locate_key((*step.path, "idempotency_key")),
        help=f"put {source} into it, or run.id",
        related=(
            Related(
                "it goes into the url here",
                context.document.locate((*step.path, "with", fields[-1])),
            ),
        ),
    )


def _way(use: Use) -> tuple[str, Steps]:
    return use.reference.root, use.reference.path


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
