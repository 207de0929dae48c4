"""A step runs a pipeline that has errors of its own.

The whole could not run. The first of the errors is named; validate the other file to see them all.

Bad:

    agentflow: 1
    name: letters
    steps:
      write: {pipeline: reply.yaml}
    outputs: {letter: "${{ steps.write.output.letter }}"}
    --- # reply.yaml
    agentflow: 1
    name: reply
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: wrter}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:21 pipeline 'reply.yaml' cannot run: unknown agent 'wrter'

Good:

    agentflow: 1
    name: letters
    steps:
      write: {pipeline: reply.yaml}
    outputs: {letter: "${{ steps.write.output.letter }}"}
    --- # reply.yaml
    agentflow: 1
    name: reply
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "broken-pipeline"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each step that runs a pipeline with errors, with the first of these."""
    if context.plan is None:
        return
    for at, child in context.plan.children.items():
        found = context.of_children[child.file]
        errors = [finding for finding in found if finding.severity is Severity.ERROR]
        if not errors:
            continue
        first, *others = errors
        more = f", and {len(others)} more" if others else ""
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"pipeline {quoted(child.file)} cannot run: {first.message}{more}",
            location=context.document.locate((*_path(context, at), "pipeline")),
            help=f"'agentflow validate {child.document.file}' shows all of it",
            related=(Related("the error", first.location), *first.related),
        )


def _path(context: Context, at: str) -> tuple[str | int, ...]:
    assert context.plan is not None
    return context.plan.steps[at].path
