"""An irreversible effect happens with nothing before it that could stop it.

What cannot be undone should not follow from an answer that nobody has checked. Put a check before
it (an `assert`, a confidence gate, a `when`, a switch, a filtered list) or a person; or write down
why none is needed.

A check that can never say no is not a gate: a condition that is always true, one that only asks
whether a step has run that nothing stops, or a check whose failure a `catch` passes over. A `human`
step that may be answered with a no is a gate only together with a `when`, an `assert` or a switch
that looks at the answer: the step succeeds after a no as well, and `needs` waits for it to end, not
for a yes. A question that can only be answered with a yes (`{const: true}`) is a gate by itself:
whoever does not want to say yes aborts, and the run fails.

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
from agentflow.lint.checkpoints import gate_before, questions_before
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.approvals import yes
from agentflow.plan.calls import callers, calls_of, home_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "irreversible-without-gate"
FAMILY = Family.EFFECT
SEVERITY = Severity.ERROR

_REASON = "or say in 'effects_reason' why none is needed"
_STEP = f"put an 'assert', a 'when', a switch or a question before it, {_REASON}"
_TOOL = f"give the tool an 'approve', {_REASON}"


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
        if reasoned or call.options.effects_reason is not None or gate_before(context, step):
            continue
        declared = on_step if document.node(on_step) is not None else on_agent
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"nothing before {quoted(step.id)} can stop its irreversible effect",
            location=document.locate_key(step.path),
            help=_help(context.plan, step),
            related=(
                Related("its effects are declared here", document.locate(declared)),
                *_no_gates(context, context.plan, step),
            ),
        )


def _help(plan: Plan, step: StepPlan) -> str:
    if step.path[0] == "agents":
        return _TOOL
    around = {*enclosing(step.address)}
    for asked in questions_before(plan, step):
        if asked.question is not None and (address.parent(asked.address) or "") in around:
            says = ".approved" if isinstance(yes(asked.question.answer), dict) else ""
            when = f"when: steps.{asked.id}.output{says}"
            return f"let it depend on what is answered, as in '{when}', {_REASON}"
    return _STEP


def _no_gates(context: Context, plan: Plan, step: StepPlan) -> Iterator[Related]:
    """What looks like a gate and is none."""
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is not None and around.when is not None:
            yield Related(
                "this condition stops nothing", context.document.locate((*around.path, "when"))
            )
    for asked in questions_before(plan, step):
        place = context.document.locate_key(asked.path)
        yield Related("a no to this, or no answer, stops nothing", place)
