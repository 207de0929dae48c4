"""An agent has no input or no output contract.

What it is given and what it answers would be checked by nobody: a wrong answer goes on to the next
step, and comes up again where nobody can tell where it came from.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 agent 'writer' has no output contract

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

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "missing-contract"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each agent without one of its contracts, at its name."""
    if context.pipeline is None:
        return
    for name, agent in context.pipeline.agents.items():
        for side, contract in (("input", agent.input), ("output", agent.output)):
            if contract is None:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"agent {quoted(name)} has no {side} contract",
                    location=context.document.locate_key(("agents", name)),
                    help=f"add '{side}:' with a JSON Schema or the name of a contract",
                )
