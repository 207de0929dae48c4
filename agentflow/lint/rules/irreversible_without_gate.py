"""An irreversible effect happens without anything before it that could stop it.

What cannot be undone should not follow from an answer that nobody looked at. Put a check before it
(an `assert`, a confidence gate, a `when`, a switch, a filtered list) or a person (a `human` step);
or write down why none is needed.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object}
        output: {type: string}
      sender:
        kind: command
        argv: [./send]
        effects: irreversible
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    steps:
      write: {agent: writer}
      send: {agent: sender, with: {text: "${{ steps.write.output }}"}}
    outputs: {sent: "${{ steps.send.output }}"}

Says:

    17:3 nothing before 'send' can stop its irreversible effect

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object}
        output: {type: string}
      sender:
        kind: command
        argv: [./send]
        effects: irreversible
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    steps:
      write:
        agent: writer
        assert: [{that: '!output.contains("[NAME]")', message: a name is left to fill in}]
      send: {agent: sender, with: {text: "${{ steps.write.output }}"}}
    outputs: {sent: "${{ steps.send.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.checkpoints import gate_before
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers, calls_of, home_of
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "irreversible-without-gate"
FAMILY = Family.EFFECT
SEVERITY = Severity.ERROR

_WHY = "or say in 'effects_reason' why none is needed"
_STEP = f"put an 'assert', a 'when', a switch or a 'human' step before it, {_WHY}"
_TOOL = f"give the tool an 'approve', {_WHY}"


def check(context: Context) -> Iterator[Finding]:
    """Each step with an irreversible effect, no gate before it, and no reason for that."""
    if context.plan is None:
        return
    document = context.document
    calls = ((step, call) for step in callers(context.plan) for call in calls_of(step))
    for step, call in calls:
        if call.effects is not Effects.IRREVERSIBLE:
            continue
        if step.approval is not None:
            continue
        on_step, on_agent = (*step.path, "effects"), (*home_of(step, call), "effects")
        reasoned = document.node((*step.path, "effects_reason")) is not None
        if reasoned or call.options.effects_reason is not None or gate_before(context.plan, step):
            continue
        declared = on_step if document.node(on_step) is not None else on_agent
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"nothing before {quoted(step.id)} can stop its irreversible effect",
            location=document.locate_key(step.path),
            help=_TOOL if step.path[0] == "agents" else _STEP,
            related=(Related("its effects", document.locate(declared)),),
        )
