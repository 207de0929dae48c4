"""A planner is not told when its plan cannot be carried out.

A plan can satisfy every contract and still need a task that does not exist, or contain a cycle. It
is checked before it is accepted, and what is wrong goes back to the agent if it has `repair`.
Without `repair` the step fails at the first mistake.

Bad:

    agentflow: 1
    name: questions
    agents:
      planner:
        kind: command
        argv: [./plan]
        effects: none
        input: {type: object}
        output:
          type: array
          items:
            type: object
            required: [id, worker]
            properties:
              id: {type: string}
              worker: {enum: [search]}
              input: {type: object}
      searcher:
        kind: command
        argv: [./search]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      plan: {agent: planner}
      work:
        delegate: {plan: "${{ steps.plan.output }}", workers: {search: searcher}, max_tasks: 5}
    outputs: {found: "${{ steps.work.output }}"}

Says:

    25:17 'planner' plans for 'work' and has no 'repair'

Good:

    agentflow: 1
    name: questions
    agents:
      planner:
        kind: command
        argv: [./plan]
        effects: none
        repair: 1
        input: {type: object}
        output:
          type: array
          items:
            type: object
            required: [id, worker]
            properties:
              id: {type: string}
              worker: {enum: [search]}
              input: {type: object}
      searcher:
        kind: command
        argv: [./search]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      plan: {agent: planner}
      work:
        delegate: {plan: "${{ steps.plan.output }}", workers: {search: searcher}, max_tasks: 5}
    outputs: {found: "${{ steps.work.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.spec.wording import quoted

NAME = "planner-without-repair"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each step that plans, is not asked again, and does not say what follows a bad plan."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if not step.plans or step.call is None or step.call.repair:
            continue
        retries = step.call.retry is not None and "invalid_output" in step.call.retry.on
        if retries or not {"invalid_output", "any"}.isdisjoint(step.catch):
            continue
        for_whom = quoted(address.name(step.plans[0].delegate.address))
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(step.call.agent)} plans for {for_whom} and has no 'repair'",
            location=context.document.locate((*step.path, "agent")),
            help="'repair: 1' sends what is wrong with a plan back to it",
        )
