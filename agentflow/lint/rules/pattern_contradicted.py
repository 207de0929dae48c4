"""The steps do not have the structure that `pattern` declares.

`pattern` states what the author decided on, so that readers know what to expect. In a `chain` each
step waits for the one before it; a `router` chooses by a `switch` or by `when`; in a `parallel`
pipeline some steps run side by side. Correct `pattern`, or the steps.

Bad:

    agentflow: 1
    name: letters
    pattern: chain
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      draft: {agent: writer}
      facts: {agent: writer}
      polish:
        agent: writer
        with: {text: "${{ steps.draft.output }}", facts: "${{ steps.facts.output }}"}
    outputs: {letter: "${{ steps.polish.output }}"}

Says:

    3:10 this is no 'chain': 'draft' and 'facts' do not wait for each other

Good:

    agentflow: 1
    name: letters
    pattern: parallel
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      draft: {agent: writer}
      facts: {agent: writer}
      polish:
        agent: writer
        with: {text: "${{ steps.draft.output }}", facts: "${{ steps.facts.output }}"}
    outputs: {letter: "${{ steps.polish.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.concurrency import is_parallel, side_by_side
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan
from agentflow.spec.wording import quoted

NAME = "pattern-contradicted"
FAMILY = Family.GRAPH
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """The pattern, if the graph contradicts it."""
    if context.plan is None or context.plan.pipeline.pattern is None:
        return
    pattern = context.plan.pipeline.pattern
    reason = _CONTRADICTIONS[pattern](context.plan)
    if reason is not None:
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"this is no {quoted(pattern)}: {reason}",
            location=context.document.locate(("pattern",)),
            help="name the pattern that it is, or leave 'pattern' out",
        )


def _against_chain(plan: Plan) -> str | None:
    pair = side_by_side(plan.root)
    return f"{quoted(pair[0])} and {quoted(pair[1])} do not wait for each other" if pair else None


def _against_router(plan: Plan) -> str | None:
    chooses = any(step.kind == "switch" or step.when is not None for step in plan.steps.values())
    return None if chooses else "there is no 'switch' and no 'when'"


def _against_parallel(plan: Plan) -> str | None:
    return None if is_parallel(plan) else "each step waits for the one before it"


_CONTRADICTIONS = {
    "chain": _against_chain,
    "router": _against_router,
    "parallel": _against_parallel,
}
