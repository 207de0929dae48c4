"""A step runs a pipeline that has errors of its own.

The pipeline as a whole could not run. The first error is shown; validate the other file to see all
of them.

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
from agentflow.plan.steps import Child
from agentflow.spec.wording import quoted

NAME = "broken-pipeline"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each step that runs a pipeline with errors, with the first of these."""
    if context.plan is None:
        return
    for at, child in context.plan.children.items():
        errors = _errors(context, child)
        if not errors:
            continue
        inner, first = _innermost(context, child, errors[0])
        where = "" if inner is child else f"in {quoted(inner.file)}, "
        more = f", and {len(errors) - 1} more" if errors[1:] else ""
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"pipeline {quoted(child.file)} cannot run: {where}{first.message}{more}",
            location=context.document.locate((*context.plan.steps[at].path, "pipeline")),
            help=f"'agentflow validate {inner.document.file}' shows all of it",
            related=(Related("the error is here", first.location), *first.related),
        )


def _errors(context: Context, child: Child) -> list[Finding]:
    found = context.of_children[child.file]
    return [finding for finding in found if finding.severity is Severity.ERROR]


def _innermost(context: Context, child: Child, first: Finding) -> tuple[Child, Finding]:
    """The pipeline whose own error it is that another one inside of this one cannot run."""
    if first.rule == NAME and child.plan is not None:
        for at, inner in child.plan.children.items():
            path = (*child.plan.steps[at].path, "pipeline")
            if child.document.locate(path) == first.location:
                return _innermost(context, inner, _errors(context, inner)[0])
    return child, first
