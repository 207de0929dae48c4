"""A confidence gate rejects answers, and nothing says what happens then.

Without a `catch` for `low_confidence`, on the step or around it, one unsure answer fails the run.
If that is intended, say so with `catch: {low_confidence: fail}`. Usually an unsure answer should be
skipped, or replaced by another value.

Bad:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: sure, min: 0.7}
    steps:
      sort: {agent: sorter}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}

Says:

    15:5 an unsure answer of agent 'sorter' ends the run: no 'catch' speaks of 'low_confidence'

Good:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: sure, min: 0.7}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.gates import gates
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.calls import callers, calls_of, tools_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Document
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping

NAME = "confidence-without-consequence"
FAMILY = Family.CONFIDENCE
SEVERITY = Severity.ADVICE

_SPEAKING = frozenset({"low_confidence", "any"})


def check(context: Context) -> Iterator[Finding]:
    """Each gate of an agent that is called where no `catch` speaks of it."""
    if context.plan is None:
        return
    cared_for = _cared_for(context.document, context.plan)
    for gate in gates(context.plan):
        if gate.agent in cared_for:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"an unsure answer of agent {quoted(gate.agent)} ends the run: "
            "no 'catch' speaks of 'low_confidence'",
            location=context.document.locate_key(("agents", gate.agent, "confidence")),
            help="write catch: {low_confidence: skip}, {use: VALUE} or fail where it is called",
        )


def _cared_for(document: Document, plan: Plan) -> set[str]:
    """The agents whose unsure answers a `catch` handles, or a model that has them as tools sees."""
    # Of a `catch` that names somebody unknown there is nothing in the plan, and it speaks all the
    # same.
    speaking = {at for at, step in plan.steps.items() if _SPEAKING & _written(document, step)}
    # What some items may fail at does not end the run, and `items` tells why they failed.
    speaking |= {
        at
        for at, step in plan.steps.items()
        if step.for_each is not None and step.for_each.min_success is not None
    }
    speaking |= {step.address for step in callers(plan) if _SPEAKING & step.catch.keys()}
    told = {str(tool.agent) for step in callers(plan) for tool in tools_of(step)}
    return told | {
        call.agent
        for step in callers(plan)
        for call in calls_of(step)
        if not speaking.isdisjoint(enclosing(step.address))
    }


def _written(document: Document, step: StepPlan) -> set[str]:
    """The failures that the `catch` of a step speaks of."""
    catch = document.node((*step.path, "catch"))
    written = set(catch.entries) if isinstance(catch, Mapping) else set[str]()
    return written | step.catch.keys()
