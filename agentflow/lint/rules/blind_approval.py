"""A person has to decide about something without being shown any of it.

The question is the same in every run, whatever is going to be sent or paid. Whoever answers it can
only say yes to everything or no to everything, like a rubber stamp. Show what the answer is about:
with `with`, or in the text of the question. If something is shown of what cannot be undone, but not
the amount, this is advice.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [request], properties: {request: {type: string}}}
    budget: {wall: 2d}
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
      approve:
        human: {ask: "May it be sent?", answer: {type: boolean}}
        needs: [draft]
        timeout: 4h
        catch: {timeout: fail}
      send:
        when: steps.approve.output
        agent: sender
        with: {text: "${{ steps.draft.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}

Says:

    20:3 'approve' decides on 'send', and shows nothing of what that is given

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [request], properties: {request: {type: string}}}
    budget: {wall: 2d}
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
      approve:
        human: {ask: "May it be sent?", answer: {type: boolean}}
        with: {text: "${{ steps.draft.output.text }}"}
        timeout: 4h
        catch: {timeout: fail}
      send:
        when: steps.approve.output
        agent: sender
        with: {text: "${{ steps.draft.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import acts
from agentflow.lint.checkpoints import has_choice
from agentflow.lint.order import Order
from agentflow.lint.origins import deciding, origins, shown_by
from agentflow.lint.rule import Context, Family
from agentflow.lint.unseen_amounts import unseen_amounts
from agentflow.plan.calls import calls_of
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "blind-approval"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

_HARMLESS = (Effects.NONE, Effects.READ)


def check(context: Context) -> Iterator[Finding]:
    """Each question without any data that alone decides on what others have made.

    A question that does not wait for it is another matter if no model writes it: whether the time
    is right, say.
    """
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    yield from _amounts(context)
    order = Order(plan)
    told = set[str]()
    for step in plan.steps.values():
        if not acts(step):
            continue
        asked = deciding(context, step)
        if any(_shows(context, each) for each in asked):
            continue
        made = _made(context, plan, step)
        for each in asked:
            if _is_laid_out(context, plan, order, step, each):
                continue
            known = [one for one in made if order.comes_after(each, one) or _is_written(one)]
            if each.address in told or not known or not _chooses(each):
                continue
            told.add(each.address)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(each.id)} decides on {quoted(step.id)}, and shows nothing of"
                " what that is given",
                location=context.document.locate_key(each.path),
                help="show it: 'with: {...}' on the question, or an expression in 'ask'",
                related=(
                    Related(
                        "this step is given it", context.document.locate_key((*step.path, "with"))
                    ),
                ),
            )


def _amounts(context: Context) -> Iterator[Finding]:
    """The questions that show something, and not how much it is about."""
    for each in unseen_amounts(context):
        yield Finding(
            rule=NAME,
            severity=Severity.ADVICE,
            message=f"{quoted(each.asked.id)} decides on {quoted(each.step.id)}, and does not show"
            f" {quoted(each.field)}, which that is given",
            location=context.document.locate_key(each.asked.path),
            help="show it: in 'with' of the question, or as an expression in 'ask'",
            related=(
                Related(
                    "is given it",
                    context.document.locate_key((*each.step.path, "with", each.field)),
                ),
            ),
        )


def _shows(context: Context, asked: StepPlan) -> bool:
    """Does a question show anything that is not the same in every run?"""
    return any(part.step or part.way[:1] != ("run",) for part in shown_by(context, asked))


def _made(context: Context, plan: Plan, step: StepPlan) -> list[StepPlan]:
    """The steps of agents whose answers a step is given."""
    found = (plan.steps.get(part.step) for part in origins(context, (*step.path, "with")))
    return [each for each in found if each is not None and each.call is not None]


def _is_laid_out(
    context: Context, plan: Plan, order: Order, step: StepPlan, asked: StepPlan
) -> bool:
    """Has anything been done with it before the question, such as putting it up for inspection?"""
    given = [part for part in origins(context, (*step.path, "with")) if part.step]
    uses = (use for part in given for use in context.uses_of.get(part.step, ()))
    readers = {use.reader: plan.steps[use.reader] for use in uses if use.reader in plan.steps}
    return any(
        any(call.effects not in _HARMLESS for call in calls_of(each))
        and order.comes_after(asked, each)
        for each in readers.values()
    )


def _is_written(step: StepPlan) -> bool:
    return any(call.chat is not None for call in calls_of(step))


def _chooses(asked: StepPlan) -> bool:
    schema = asked.question.answer.schema if asked.question is not None else {}
    return has_choice(Contract(schema, schema))
