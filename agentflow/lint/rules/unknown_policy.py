"""`retry` names a policy that `retries` does not define.

The step would be tried once, or as often as its agent says, and nobody would notice until something
fails. Correct the name, or define the policy under `retries`.

Bad:

    agentflow: 1
    name: letters
    retries:
      transient: {max_attempts: 3}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, retry: transiet}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    13:33 unknown retry policy 'transiet'

Good:

    agentflow: 1
    name: letters
    retries:
      transient: {max_attempts: 3}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, retry: transient}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.policies import named_policies
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.spec.wording import quoted

NAME = "unknown-policy"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each `retry` of an agent or a step that is an unknown name."""
    if context.plan is None:
        return
    policies = context.plan.pipeline.retries
    suggestions = Suggestions()
    for path, name in named_policies(context.document, context.plan):
        if name in policies:
            continue
        place = context.document.locate(path)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"unknown retry policy {quoted(name)}",
            location=place,
            help=suggestions.help(name, policies, "define it under 'retries'"),
            fix=suggestions.fix(context.document, place, name, policies),
        )
