"""A step waits for itself.

It reads its own output, or that of the group it is part of, or names itself in `needs`. It could
never start. Name the step that was meant, or take the reference out.

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
      draft: {agent: writer}
      polish: {agent: writer, with: {text: "${{ steps.polish.output }}"}}
    outputs: {letter: "${{ steps.polish.output }}"}

Says:

    12:45 step 'polish' reads its own output

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
      draft: {agent: writer}
      polish: {agent: writer, with: {text: "${{ steps.draft.output }}"}}
    outputs: {letter: "${{ steps.polish.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar, Sequence

NAME = "self-reference"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each reference of a step to itself or to what it is inside of."""
    if context.plan is None:
        return
    for use in context.plan.uses:
        if use.target is None or not f"{use.reader}/".startswith(f"{use.target}/"):
            continue
        own = use.reader == use.target or use.reader not in context.plan.steps
        name = quoted(address.name(use.target))
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"step {name} reads its own output"
            if own
            else f"step {quoted(address.name(use.reader))} reads {name}, which it is part of",
            location=context.document.in_string(use.path, use.start, use.end),
            help="read the step that comes before it",
        )
    for step in context.plan.steps.values():
        if step.id not in step.upstream:
            continue
        needs = context.document.node((*step.path, "needs"))
        for index, item in enumerate(needs.items if isinstance(needs, Sequence) else ()):
            if isinstance(item, Scalar) and item.text == step.id:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"step {quoted(step.id)} needs itself",
                    location=context.document.locate((*step.path, "needs", index)),
                    help="take it out",
                )
