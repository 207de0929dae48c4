"""A loop may run out of iterations, and nothing says what happens then.

If `until` still does not hold after the last iteration, the loop fails as `exhausted`, and so does
the run: all calls of its models are paid for, and nothing is left of the results. Say what follows:
`catch.exhausted` with `use` takes the last result, and what is still wrong with it; `escalate` asks
people; `fail` says that this is intended. A loop that counts, and is certain to finish in its last
iteration at the latest, is not reported.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object}
        output: {type: object, required: [text, good], properties: {text: {type: string}, good: {type: boolean}}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: ""}
          until: steps.write.output.good
          next: {text: "${{ steps.write.output.text }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}"}}
          output: "${{ steps.write.output.text }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    12:12 nothing says what follows if 'refine' has gone round 3 times and is not done

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object}
        output: {type: object, required: [text, good], properties: {text: {type: string}, good: {type: boolean}}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: ""}
          until: steps.write.output.good
          next: {text: "${{ steps.write.output.text }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}"}}
          output: "${{ steps.write.output.text }}"
        catch: {exhausted: {use: "${{ steps.write.output.text }}"}}
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.last_rounds import ends_in_time
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of, steps_within
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.wording import quoted

NAME = "unrouted-exhaustion"
FAMILY = Family.BOUND
SEVERITY = Severity.ADVICE

_ROUTES = {"exhausted", "any"}


def check(context: Context) -> Iterator[Finding]:
    """Each loop of models with an end to get to, and no word on what follows if it does not."""
    plan = context.plan
    if plan is None:
        return
    for each in context.loops:
        step = each.step
        if each.loop.until is None or _is_routed(plan, step) or not _asks_models(step):
            continue
        if ends_in_time(plan, context.types, each):
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"nothing says what follows if {quoted(step.id)} has gone round"
            f" {each.loop.max} times and is not done",
            location=context.document.locate((*step.path, "loop", "max")),
            help="add 'catch: {exhausted: …}' with 'use' for the last result, 'escalate' or 'fail'",
        )


def _asks_models(step: StepPlan) -> bool:
    return any(call.chat is not None for each in steps_within(step) for call in calls_of(each))


def _is_routed(plan: Plan, step: StepPlan) -> bool:
    around = (plan.steps.get(at) for at in enclosing(step.address))
    return any(each is not None and _ROUTES & each.catch.keys() for each in around)
