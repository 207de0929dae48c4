"""An escalation can only ask people at a terminal.

A question to the console can be asked only if somebody sits at the terminal of the run. A run from
cron, in CI or in the background has none, and every such level is passed over at once: nobody is
ever asked, and what follows is `on_exhausted`. Add a level that asks over another channel.

Bad:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels:
          - {human: {ask: "What now?", channel: console}, within: 2h}
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    6:45 'desk' asks people at a terminal only

Good:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels:
          - {human: {ask: "What now?", channel: console}, within: 2h}
          - {human: {ask: "What now?", channel: inbox}, within: 2h}
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.channels import channel_of
from agentflow.spec.model import ConsoleChannel
from agentflow.spec.wording import quoted

NAME = "terminal-only"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each escalation with people of whom all are asked at a terminal, at the first of them."""
    if context.plan is None:
        return
    pipeline = context.plan.pipeline
    for name, escalation in context.plan.escalations.items():
        asking = [level for level in escalation.levels if level.kind == "human"]
        channels = [channel_of(pipeline, level.target) for level in asking]
        if asking and all(isinstance(channel, ConsoleChannel) for channel in channels):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(name)} asks people at a terminal only",
                location=context.document.locate((*asking[0].path, "human", "channel")),
                help="add a level with another channel for runs that nobody sits before",
            )
