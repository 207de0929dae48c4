"""A test names a recording that cannot be read.

The test would fail without having run. A recording is made by `agentflow run SPEC --record FILE`,
and belongs in version control with the spec. Only its first line is looked at here; whether it has
an answer to each request shows when the test runs.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      writes: {recording: letters.jsonl, expect: {status: succeeded}}

Says:

    13:23 there is no file 'letters.jsonl'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      writes: {answers: {write: {value: "Dear Ada"}}, expect: {status: succeeded}}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family

NAME = "unreadable-recording"
FAMILY = Family.REFERENCE
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterable[Finding]:
    """Each such recording."""
    return context.reported(NAME)
