"""A key is not part of the language.

If unknown keys were ignored, a misspelt `timeout` would be a step without a timeout. So every key
has to be known; the help names the nearest one, or what the mapping takes.

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
      write: {agent: writer, timout: 30s}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:26 'timout' is not a key of a step with an agent

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
      write: {agent: writer, timeout: 30s}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable

NAME = "unknown-key"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterable[Finding]:
    """Each unknown key."""
    return context.reported(NAME)
