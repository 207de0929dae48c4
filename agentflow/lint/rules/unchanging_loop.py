"""Every iteration of a loop gets the same input.

Nothing that its steps read changes from one iteration to the next, and the agents look at nothing
else. So the loop can only hope that the same question gets another answer. To tell the agent what
was wrong with its last answer, pass it on in `next`. Also reported are the check that ends the loop
if it alone gets the same input each time, and a field that `next` gives back as it was, or as it
began. With `no_progress: continue` the author expects other answers, and nothing is reported.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict, advice]
          properties: {verdict: {enum: [good, poor]}, advice: {type: string}}
    steps:
      refine:
        loop:
          max: 3
          until: steps.check.output.verdict == "good"
          steps:
            write: {agent: writer, with: {about: "${{ inputs.body }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    27:5 every iteration is given the same: no step inside reads anything that changes

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict, advice]
          properties: {verdict: {enum: [good, poor]}, advice: {type: string}}
    steps:
      refine:
        loop:
          max: 3
          state: {advice: none yet}
          until: steps.check.output.verdict == "good"
          next: {advice: "${{ steps.check.output.advice }}"}
          steps:
            write: {agent: writer, with: {about: "${{ inputs.body }}", advice: "${{ loop.state.advice }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.loops import Round, gives_back, is_unchanging, lost_fields, same_each_time
from agentflow.lint.rule import Context, Family
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import Plan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "unchanging-loop"
FAMILY = Family.BOUND
SEVERITY = Severity.ADVICE

_ADVICE = "hand on in 'next' what the last iteration found, and read it from 'loop.state'"


def check(context: Context) -> Iterator[Finding]:
    """Each loop whose steps, or those that end it, see nothing new, with what `next` repeats."""
    if context.plan is None:
        return
    for each in context.loops:
        if lost_fields(each):
            continue  # what was to change is handed on, and read by nobody, which is told there
        yield from _given_back(context, each)
        if _counts_on_others(context, each) or each.loop.max == 1:
            continue
        if is_unchanging(each):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message="every iteration is given the same: "
                "no step inside reads anything that changes",
                location=context.document.locate_key(each.body.path),
                help=_ADVICE,
            )
        else:
            yield from _check(context, context.plan, each)


def _given_back(context: Context, each: Round) -> Iterator[Finding]:
    begun = entries(each.loop.state)
    for name, value in entries(each.loop.next).items():
        if gives_back(name, value):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"'next' gives {quoted(f'loop.state.{name}')} back as it was",
                location=context.document.locate_key((*each.body.path, "next", name)),
                help="give it what the iteration has made of it, or take it out: what 'next' does not name"
                " stays as it is",
            )
        elif value == begun.get(name) and not _is_of_round(context, each, name):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"'next' gives {quoted(f'loop.state.{name}')} what it began with",
                location=context.document.locate_key((*each.body.path, "next", name)),
                help="give it what the iteration has made of it, or read the value itself",
            )


def _is_of_round(context: Context, each: Round, name: str) -> bool:
    """Does `next` read for a field what an iteration has made, or any `loop`?"""
    uses = context.uses_within.get((*each.body.path, "next", name), ())
    return any(use.reference.root == "loop" or each.is_inside(use) for use in uses)


def _check(context: Context, plan: Plan, each: Round) -> Iterator[Finding]:
    """About the steps that 'until' asks, if all of them are given the same each time."""
    asked = [use for use in each.uses if each.part(use) == "until"]
    steps = {use.target: plan.steps.get(use.target or "") for use in asked}
    if not asked or any(use in each.own or not each.is_inside(use) for use in asked):
        return
    acts = any(call.effects not in (Effects.NONE, Effects.READ) for call in each.calls)
    for step in steps.values():
        if step is None or not same_each_time(plan, each, step):
            return
        if acts and (step.call is None or step.call.chat is None):
            return  # what it looks at may be what another step has changed
    first = next(step for step in steps.values() if step is not None)
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(first.id)}, by which the loop ends, is given the same in every iteration",
        location=context.document.locate_key(first.path),
        help="give it what the iteration has made, or what 'loop.state' has from the one before",
    )


def _counts_on_others(context: Context, each: Round) -> bool:
    said = context.document.node((*each.body.path, "no_progress"))
    return isinstance(said, Scalar) and said.text == "continue"
