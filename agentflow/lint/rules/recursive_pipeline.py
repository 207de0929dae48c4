"""A pipeline runs itself, directly or through others, or pipelines are nested too deep.

It would never end. Write what has to be repeated as a `loop` within one pipeline, with a bound.

Bad:

    agentflow: 1
    name: letters
    steps:
      write: {pipeline: spec.yaml}
    outputs: {letter: "${{ steps.write.output.letter }}"}

Says:

    4:21 'spec.yaml' runs 'spec.yaml'

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
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "recursive-pipeline"
FAMILY = Family.GRAPH
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterable[Finding]:
    """Each step that runs such a pipeline."""
    return context.reported(NAME)
