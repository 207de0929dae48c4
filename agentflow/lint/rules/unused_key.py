"""A step has an idempotency key, but its agent does not send it to anybody.

A chat model knows nothing of idempotency keys. The key has no effect, but readers of the spec would
think that the call is made only once. Take it out.

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
      write: {agent: writer, idempotency_key: "${{ run.id }}"}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    10:26 an agent of kind 'llm' cannot take a key

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
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.keys import Keys
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.lint.tools import offered
from agentflow.plan.calls import calls_of
from agentflow.spec.fixes import without_entry
from agentflow.spec.wording import quoted

NAME = "unused-key"
FAMILY = Family.RETRY
SEVERITY = Severity.ERROR
FIX = Fixable.UNSAFE


def check(context: Context) -> Iterator[Finding]:
    """Each key of a step, or of a tool, whose agent is of a kind that hands none on."""
    if context.plan is None:
        return
    for _, name, tool in offered(context):
        call = tool.step.call
        if call is not None and call.key is not None and not call.options.takes_key:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"the tool {quoted(name)} is an agent of kind {quoted(call.options.kind)},"
                " which cannot take a key",
                location=context.document.locate_key((*tool.step.path, "idempotency_key")),
                help="take it out",
            )
    for step in Keys(context.plan):
        assert step.call is not None
        agent = step.call.options
        if not any(call.options.takes_key for call in calls_of(step)):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"an agent of kind {quoted(agent.kind)} cannot take a key",
                location=context.document.locate_key((*step.path, "idempotency_key")),
                help="take it out",
                fix=without_entry(
                    context.document,
                    (*step.path, "idempotency_key"),
                    title="take the key out",
                    safe=False,
                ),
            )
