"""One of the answers that a person can give makes no difference.

A person may say *proceed*, *redo* or *quit*, but the steps that follow only ask whether the answer
is *proceed*: *redo* then has the same effect as *quit*, or *quit* leads to the question again and
again. Or a loop repeats because a person was not satisfied, but their remarks are passed to nobody,
so the next iteration makes the same mistake. Let a condition or a case look at each answer, and
pass the remarks on.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [request], properties: {request: {type: string}}}
    budget: {wall: 5d}
    contracts:
      Choice:
        type: object
        additionalProperties: false
        required: [choice]
        properties: {choice: {enum: [proceed, redo, quit]}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object, required: [request], properties: {request: {type: string}}}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    steps:
      draft: {agent: writer, with: {request: "${{ inputs.request }}"}}
      look:
        human: {ask: "May it be sent?", answer: Choice}
        with: {text: "${{ steps.draft.output.text }}"}
        timeout: 4h
        catch: {timeout: fail}
      send:
        when: steps.look.output.choice == "proceed"
        agent: sender
        with: {text: "${{ steps.draft.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}

Says:

    26:3 nothing that follows tells 'redo' from 'quit', which may be answered to 'look'

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [request], properties: {request: {type: string}}}
    budget: {wall: 5d}
    contracts:
      Choice:
        type: object
        additionalProperties: false
        required: [choice]
        properties: {choice: {enum: [proceed, quit]}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object, required: [request], properties: {request: {type: string}}}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    steps:
      draft: {agent: writer, with: {request: "${{ inputs.request }}"}}
      look:
        human: {ask: "May it be sent?", answer: Choice}
        with: {text: "${{ steps.draft.output.text }}"}
        timeout: 4h
        catch: {timeout: fail}
      send:
        when: steps.look.output.choice == "proceed"
        agent: sender
        with: {text: "${{ steps.draft.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}
"""

import re
from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.contracts.length import is_free_text
from agentflow.findings import Finding, Severity
from agentflow.lint.consequences import Consequences
from agentflow.lint.rule import Context, Family
from agentflow.plan.loop_states import loop_around
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.wording import quoted

NAME = "answer-without-consequence"
FAMILY = Family.EFFECT
SEVERITY = Severity.ADVICE

#: Fields for what is to be done otherwise; a reason may be there for whoever reads the log.
_REMARK = re.compile(
    r"(?:^|_)(?:advice|change|comment|correction|edit|feedback|instruction|note|remark|suggestion)s?$"
)


def check(context: Context) -> Iterator[Finding]:
    """Each question with answers that make no difference, or a remark that no next round reads."""
    plan = context.plan
    questions = [each for each in plan.steps.values() if each.question] if plan is not None else []
    if plan is None or not questions or not context.reads_all_known:
        return
    consequences = Consequences(context, plan)
    for step in questions:
        if step.for_each is None:
            found = [*_choices(context, consequences, step)]
            yield from found or _remarks(context, plan, step)


def _choices(context: Context, consequences: Consequences, step: StepPlan) -> Iterator[Finding]:
    """The first answers to a question that all conditions take for the same."""
    for way, part in _parts(step):
        values = values_of(part) or ()
        alike = consequences.alike(step, way, [one for one in values if isinstance(one, str)])
        if not alike:
            continue
        *others, last = map(quoted, alike)
        severity, said = SEVERITY, f"nothing that follows tells {listed(others, 'and')} from {last}"
        said = f"{said}, which may be answered to {quoted(step.id)}"
        advice = "let something follow from one of them, or take it out of the answer"
        if not any(consequences.ends_loop(step, way, each) for each in alike):
            severity = Severity.WARNING
            advice = "hand on in 'next' which it was, or end the loop after one of them"
            said = f"after {listed([*others, last], 'and')} alike {quoted(step.id)} is asked again"
        yield Finding(
            rule=NAME,
            severity=severity,
            message=said,
            location=context.document.locate_key(step.path),
            help=advice,
        )
        return


def _remarks(context: Context, plan: Plan, step: StepPlan) -> Iterator[Finding]:
    """What may be remarked in a round whose answer decides on another, and is read by nobody."""
    around = loop_around(plan, step.address)
    if around is None or around.body is None:
        return
    uses = context.uses_of.get(step.address, ())
    places = [use.path[len(around.body.path) :][:1] for use in uses]
    if ("until",) not in places or ("next",) in places or ("steps",) in places:
        return
    read = [use.reference.path[2:] for use in uses if use.reference.path[1:2] == ("output",)]
    for way, part in _parts(step):
        if not way or not _REMARK.search(way[0]) or not is_free_text(part.schema, part.root):
            continue
        if not any(one[:1] in ((), way) for one in read):
            yield Finding(
                rule=NAME,
                severity=Severity.WARNING,
                message=f"nobody reads {quoted(way[0])}, which is answered to {quoted(step.id)},"
                " so the next round does not know of it",
                location=context.document.locate_key(step.path),
                help="hand it on in 'next', and read it from 'loop.state'",
            )


def _parts(step: StepPlan) -> Iterator[tuple[tuple[str, ...], Contract]]:
    """An answer and its fields, each with the way to it."""
    assert step.question is not None
    root = step.question.answer.schema
    whole = Contract(root, root)
    yield (), whole
    schema = past_references(whole)
    fields = schema.get("properties", {}) if isinstance(schema, dict) else {}
    for name, field in fields.items():
        yield (name,), Contract(field, root)
