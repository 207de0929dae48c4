"""A step has no effect, and nobody reads its output.

Its work is paid for and thrown away. Usually its output was meant to be used: a refinement that is
computed and then forgotten, a report that is not the one that is returned. If a step is only there
to stop the run, name it in the `needs` of those that must not run before it; it stops them by
failing. The answer of a model stops nothing without an `assert` or a gate. If only the `status` of
a model is read, this is advice: the status says nothing about the answer. A program that waits at
the end of each iteration of a loop, and is given nothing of what the other steps found, is not
reported.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
      proofread: {agent: writer, with: {text: "${{ steps.write.output }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    12:3 nobody reads the output of 'proofread', and it has no effect

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
      proofread: {agent: writer, with: {text: "${{ steps.write.output }}"}}
    outputs: {letter: "${{ steps.proofread.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of, plans_within
from agentflow.plan.loop_states import loop_around
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "dead-step"
FAMILY = Family.GRAPH
SEVERITY = Severity.WARNING

_HARMLESS = (Effects.NONE, Effects.READ)


def check(context: Context) -> Iterator[Finding]:
    """Each step without effect that no other step or output reads; of nested ones the outermost."""
    if context.plan is None or not context.reads_all_known:
        return
    asked = {use.target for use in context.plan.uses}
    read = {
        use.target for use in context.plan.uses if use.reference.path[1:] not in ((), ("status",))
    }
    acting = _acting(context.plan)
    dead = {
        at
        for at, step in context.plan.steps.items()
        if at not in acting
        and at not in (read if _only_talks(step) else asked)
        and not step.asserts  # which may fail the run
        and (not step.downstream or _only_talks(step))
        and not _is_pause(context.plan, step)
    }
    for at in dead:
        if any(outer in dead for outer in enclosing(at) if outer != at):
            continue
        step = context.plan.steps[at]
        what = "more than the status" if at in asked else "the output"
        advice = "take it out, or name it in 'needs' if it is there to stop the run by failing"
        if step.downstream:
            advice = "or 'assert' what it has to say, if it is there to stop the run"
        yield Finding(
            rule=NAME,
            severity=Severity.ADVICE if at in asked else SEVERITY,
            message=f"nobody reads {what} of {quoted(step.id)}, and it has no effect",
            location=context.document.locate_key(step.path),
            help=f"read its output, {advice}",
        )


def _only_talks(step: StepPlan) -> bool:
    """Is it a call of a chat model whose answer is not checked, so that it can stop nothing?"""
    calls = calls_of(step)
    return bool(calls) and all(
        call.chat is not None and not call.tools and not call.confidence for call in calls
    )


def _is_pause(plan: Plan, step: StepPlan) -> bool:
    """Does a program do no more than to let time go by, before the next iteration of a loop?

    It comes after the others in an iteration, and is given nothing that they have found.
    """
    inside = loop_around(plan, step.address)
    if inside is None or address.parent(step.address) != address.iteration(inside.address):
        return False
    calls = calls_of(step)
    is_program = bool(calls) and all(call.chat is None for call in calls)
    told = any(
        use.target is not None or use.reference.path[:1] == ("state",)
        for use in plan.uses
        if use.reader == step.address
    )
    return is_program and bool(step.upstream) and not told


def _acting(plan: Plan) -> set[str]:
    """The steps that do something to the world, and all that encloses them."""
    return {around for at, step in plan.steps.items() if _acts(step) for around in enclosing(at)}


def _acts(step: StepPlan) -> bool:
    """Does a step do something to the world itself, as far as is known?"""
    if step.kind == "pipeline":
        inner = plans_within(step.nested.plan) if step.nested else ()
        return not inner or any(_acts(one) for plan in inner for one in plan.steps.values())
    if step.delegate is not None:
        return any(_acts(worker) for worker in step.delegate.workers.values())
    if step.kind == "human":
        return True  # somebody has seen it; whether the answer counts is looked at elsewhere
    calls = calls_of(step)
    return step.kind == "agent" and (not calls or any(c.reach not in _HARMLESS for c in calls))
