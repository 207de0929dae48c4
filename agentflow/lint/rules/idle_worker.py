"""No plan can name this worker of a `delegate`.

The contract of the planner lists the workers that a task can name, and this one is not among them,
so it never has anything to do. The name may be misspelt in one of the two places.

Bad:

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
      calculator:
        kind: command
        argv: [./calculate]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      plan: {agent: planner}
      work:
        delegate: {plan: "${{ steps.plan.output }}", workers: {search: searcher, calculate: calculator}, max_tasks: 5}
    outputs: {found: "${{ steps.work.output }}"}

Says:

    34:78 no task can be for worker 'calculate'

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
              worker: {enum: [search, calculate]}
              input: {type: object}
      searcher:
        kind: command
        argv: [./search]
        effects: none
        input: {type: object}
        output: {type: string}
      calculator:
        kind: command
        argv: [./calculate]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      plan: {agent: planner}
      work:
        delegate: {plan: "${{ steps.plan.output }}", workers: {search: searcher, calculate: calculator}, max_tasks: 5}
    outputs: {found: "${{ steps.work.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.schemas import Contract, values_of
from agentflow.spec.wording import quoted

NAME = "idle-worker"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each worker whose name is not among those that a task can have."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.delegate is None:
            continue
        given = context.types.of(step.delegate.tasks, step.address)
        descent = Descent()
        task = descent.into(given, given, SOME_ITEM)
        names = values_of(Contract(descent.into(task, given, "worker"), given))
        if not names or not any(name in step.delegate.workers for name in names):
            continue
        for name, worker in step.delegate.workers.items():
            if name not in names:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"no task can be for worker {quoted(name)}",
                    location=context.document.locate_key(worker.path),
                    help="name it in the contract of the planner, or take it out",
                )
