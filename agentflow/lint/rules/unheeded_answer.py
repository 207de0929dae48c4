"""A person is asked, but the answer changes nothing.

A step that only has the question in its `needs` waits for an answer, whatever it is: after a *no*
it goes on as after a yes. Only a step that looks at the answer can do otherwise. The answer stops
nothing by being told in the outputs, or in those of a group or case that nobody reads; nor does
reading another field of it. Use it in a `when`, an `assert` or a switch. If the question offers no
choice, this is advice, and given only if nobody even waits for the answer.

Bad:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object}
        output: {type: string}
    steps:
      approve:
        human: {ask: "Send the letters?", answer: {type: boolean}}
        timeout: 4h
        catch: {timeout: fail}
      send: {agent: sender, needs: [approve]}
    outputs: {sent: "${{ steps.send.output }}"}

Says:

    12:3 nobody reads what is answered to 'approve', so a no is followed by the same as a yes

Good:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object}
        output: {type: string}
    steps:
      approve:
        human: {ask: "Send the letters?", answer: {type: boolean}}
        timeout: 4h
        catch: {timeout: fail}
      send: {agent: sender, when: steps.approve.output}
    outputs: {sent: '${{ default(steps.send.output, "nothing") }}'}
"""

import re
from collections.abc import Iterator

from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import Hearing, acting_after, is_final, wanted_field
from agentflow.lint.checkpoints import has_choice
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.approvals import part_with_yes
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.wording import quoted

NAME = "unheeded-answer"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

_SCALARS = frozenset({"integer", "number", "string"})
#: Fields by which people only say that they have seen something; the log keeps them.
_FOR_THE_RECORD = re.compile(
    r"(?:^|_)(?:by|comment|confirmation|initials|name|note|reason|remark|seen|signature|signed|who)s?$"
)


def check(context: Context) -> Iterator[Finding]:
    """Each question with a choice whose answer neither a step, a condition nor an output reads.

    An output that only tells the answer does not count where an effect waits for it.
    """
    plan = context.plan
    questions = [each for each in plan.steps.values() if each.question] if plan is not None else []
    if plan is None or not questions or not context.reads_all_known:
        return
    hearing = Hearing(plan)
    for step in questions:
        assert step.question is not None
        heard, schema = hearing.of(step), step.question.answer.schema
        answer = Contract(schema, schema)
        if heard.heeded:
            continue
        if not has_choice(answer):
            if not hearing.reads(step) and not step.downstream and _asks_for_something(answer):
                yield _for_nothing(context, step)
        elif not heard.told:
            yield _finding(context, step, _unread(hearing, step), answer, _after(plan, step))
        elif part_with_yes(step.question.answer) is not None:
            acting = [
                each
                for at in heard.carriers
                for each in acting_after(plan, plan.steps[at])
                if _asked_about(context, step, each)
            ]
            if acting:
                first = min(acting, key=lambda each: each.path)
                said = f"{quoted(first.id)} follows a no to {quoted(step.id)} as it does a yes"
                yield _finding(context, step, said, answer, [first])


def _asked_about(context: Context, asked: StepPlan, acting: StepPlan) -> bool:
    """Is an effect what a question is about: one that cannot be undone, or with what is shown?"""
    if is_final(acting):
        return True
    shown, given = (
        {
            (use.reference.root, use.reference.path)
            for key in keys
            for use in context.uses_within.get((*step.path, key), ())
        }
        for step, keys in ((asked, ("human", "with")), (acting, ("with",)))
    )
    return not shown.isdisjoint(given)


def _asks_for_something(answer: Contract) -> bool:
    """Has an answer to be a text or a number, or to have one that is no word for the record?"""
    schema = past_references(answer)
    if not isinstance(schema, dict):
        return False
    required = [name for name in schema.get("required", ()) if not _FOR_THE_RECORD.search(name)]
    fields = schema.get("properties", {})
    asked = [answer, *(Contract(fields[n], answer.root) for n in required if n in fields)]
    kinds = [types_of(each.schema, each.root) for each in asked if values_of(each) is None]
    return any(found and found <= _SCALARS for found in kinds)


def _for_nothing(context: Context, step: StepPlan) -> Finding:
    return Finding(
        rule=NAME,
        severity=Severity.ADVICE,
        message=f"nobody reads what is answered to {quoted(step.id)}, and nobody waits for it",
        location=context.document.locate_key(step.path),
        help=f"read 'steps.{step.id}.output' where it is needed, or tell it in 'outputs'",
    )


def _unread(hearing: Hearing, step: StepPlan) -> str:
    field = wanted_field(step)
    of = f"reads {quoted(field)} of" if field and hearing.reads(step) else "reads"
    what = f"nobody {of} what is answered to {quoted(step.id)}"
    return f"{what}, so a no is followed by the same as a yes"


def _finding(
    context: Context, step: StepPlan, said: str, answer: Contract, waiting: list[StepPlan]
) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=said,
        location=context.document.locate_key(step.path),
        help=_help(step, answer),
        related=tuple(
            Related("this step waits for the answer", context.document.locate_key(each.path))
            for each in waiting
        ),
    )


def _help(step: StepPlan, answer: Contract) -> str:
    output = f"steps.{step.id}.output"
    field = wanted_field(step)
    if field is not None:
        return f"write 'when: {output}.{field}' on what may only follow a yes"
    if types_of(answer.schema, answer.root) == {"boolean"}:
        return f"write 'when: {output}' on what may only follow a yes"
    return f"look at '{output}' in the 'when' of what follows"


def _after(plan: Plan, step: StepPlan) -> list[StepPlan]:
    scope = address.parent(step.address) or ""
    return [plan.steps[address.child(scope, name)] for name in step.downstream]
