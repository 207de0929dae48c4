"""What is carried out differs from what a person has approved.

A person sees one draft and says yes, but what goes out is another that was written after the
answer: with their remarks, or once more, or by a second call of the same model. Nobody has seen
that one. Carry out what was shown, or use a loop in which the person sees each version, and carry
out the version that the answer was about.

For an effect that cannot be undone, it is also reported if the person is shown one of several
values, but the effect always gets the same one of them.

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
        input: {type: object, required: [request], properties: {request: {type: string}, remark: {type: string}}}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    contracts:
      Answer:
        type: object
        additionalProperties: false
        required: [approved, remark]
        properties: {approved: {type: boolean}, remark: {type: string}}
    steps:
      draft: {agent: writer, with: {request: "${{ inputs.request }}"}}
      approve:
        human: {ask: "May it be sent?", answer: Answer}
        with: {text: "${{ steps.draft.output.text }}"}
        timeout: 4h
        catch: {timeout: fail}
      redraft:
        agent: writer
        with: {request: "${{ inputs.request }}", remark: "${{ steps.approve.output.remark }}"}
      send:
        when: steps.approve.output.approved
        agent: sender
        with: {text: "${{ steps.redraft.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}

Says:

    37:23 'send' is given what 'redraft' makes after 'approve' was answered, which was about what 'draft' has made

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
        input: {type: object, required: [request], properties: {request: {type: string}, remark: {type: string}}}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    contracts:
      Answer:
        type: object
        additionalProperties: false
        required: [approved, remark]
        properties: {approved: {type: boolean}, remark: {type: string}}
    steps:
      letter:
        loop:
          max: 3
          state: {remark: ""}
          until: steps.approve.output.approved
          next: {remark: "${{ steps.approve.output.remark }}"}
          steps:
            draft:
              agent: writer
              with: {request: "${{ inputs.request }}", remark: "${{ loop.state.remark }}"}
            approve:
              human: {ask: "May it be sent?", answer: Answer}
              with: {text: "${{ steps.draft.output.text }}"}
              timeout: 4h
              catch: {timeout: fail}
          output: "${{ steps.draft.output.text }}"
        catch: {exhausted: fail}
      send: {agent: sender, with: {text: "${{ steps.letter.output }}"}}
    outputs: {sent: "${{ has(steps.send.output) }}"}
"""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import acts
from agentflow.lint.fixed_values import fixed_values
from agentflow.lint.order import Order
from agentflow.lint.origins import Origin, deciding, origins, origins_of, shown_by, within
from agentflow.lint.rule import Context, Family
from agentflow.lint.words_of_consent import PLAIN_YES
from agentflow.plan import address
from agentflow.plan.approvals import part_with_yes
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import every, way_of
from agentflow.spec.cel.syntax import Literal
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "changed-after-approval"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING


class _Version(Struct, frozen=True):
    """A step's product, the question about it, and what that showed, made by another.

    It is a `twin` if a chat model was given just the same both times, whenever that was.
    """

    made: StepPlan
    asked: StepPlan
    shown: Origin
    first: StepPlan
    twin: bool


def check(context: Context) -> Iterator[Finding]:
    """Each effect that goes by an answer, and is given what was made anew after it, or always the same."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    yield from _fixed(context)
    order = Order(plan)
    for step in plan.steps.values():
        asked = deciding(context, step)
        if not asked or not acts(step):
            continue
        path = (*step.path, "with")
        given = origins(context, path)
        shown = [part for each in asked for part in shown_by(context, each)]
        found = (
            _finding(context, step, use, version)
            for use in within(context, path)
            for part in origins_of(context, (use,))
            if not any(part.overlaps(one) for one in shown)
            for each in asked
            if _says_yes(plan, step, each)
            for version in _versions(context, plan, order, part, each)
            # Where it is given both, what was shown may be what is carried out.
            if not any(version.shown.overlaps(one) for one in given)
        )
        yield from islice(found, 1)


def _fixed(context: Context) -> Iterator[Finding]:
    """The arguments that are always the same, whichever value the person was shown; each is told once."""
    told = set[Path]()
    for each in fixed_values(context):
        path = (*each.step.path, "with", each.field)
        if path in told:
            continue
        told.add(path)
        root, way = way_of(each.path)
        source = quoted(path_text((root, *(part for part in way if part is not None))))
        value, other = quoted(str(each.value)), quoted(str(each.other))
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(each.step.id)} is given {value}, also where {quoted(each.asked.id)} shows"
            f" {other}: that is what {source} may be",
            location=context.document.locate(path),
            help=f"hand it {source}, or ask for {value} in 'when'",
            related=(
                Related(
                    "the person is shown it here", context.document.locate_key(each.asked.path)
                ),
            ),
        )


def _says_yes(plan: Plan, step: StepPlan, asked: StepPlan) -> bool:
    """Does a step happen for a yes? One of several choices may be that it is made anew and done."""
    if asked.question is not None and part_with_yes(asked.question.answer) is not None:
        return True
    around = (plan.steps.get(at) for at in address.enclosing(step.address))
    conditions = [each.when for each in around if each is not None and each.when is not None]
    chosen = {
        part.value
        for condition in conditions
        for part in every(condition)
        if isinstance(part, Literal) and isinstance(part.value, str)
    }
    return bool(chosen) and chosen <= PLAIN_YES


def _versions(
    context: Context, plan: Plan, order: Order, part: Origin, asked: StepPlan
) -> Iterator[_Version]:
    """How something is another version of what a question shows, as one made after the answer."""
    made = plan.steps.get(part.step)
    if made is None or made.call is None:
        return
    after, chats = order.comes_after(made, asked), made.call.chat is not None
    for shown in shown_by(context, asked):
        first = plan.steps.get(shown.step)
        if first is None or first.call is None or first.dispatch is not None:
            continue
        if first.agent != made.agent or shown.way != part.way:
            continue
        twin = chats and _are_twins(made, first)
        if twin or (after and _is_made_anew(context, made, first, asked)):
            yield _Version(made, asked, shown, first, twin and not after)


def _are_twins(made: StepPlan, first: StepPlan) -> bool:
    """Do two steps side by side ask the same of an agent, once each?"""
    beside = address.parent(made.address) == address.parent(first.address)
    once = made.for_each is None and first.for_each is None
    assert made.call is not None
    assert first.call is not None
    now, then = entries(made.call.arguments), entries(first.call.arguments)
    return beside and once and bool(now) and now == then


def _is_made_anew(context: Context, made: StepPlan, first: StepPlan, asked: StepPlan) -> bool:
    """Is an agent given the same again, apart from its first result and what was said of it?

    What is made after an answer may well be another thing, as the whole after a sample.
    """
    assert made.call is not None
    assert first.call is not None
    now, then = entries(made.call.arguments), entries(first.call.arguments)
    told = {asked.address, first.address}
    return bool(now) and all(
        now.get(name) == then.get(name)
        or told & {each.step for each in origins(context, (*made.path, "with", name))}
        for name in {**now, **then}
    )


def _finding(context: Context, step: StepPlan, use: Use, version: _Version) -> Finding:
    made, asked, first = version.made, version.asked, quoted(version.first.id)
    when = f" after {quoted(asked.id)} was answered, which was about what {first} has made"
    beside = (
        f", and {quoted(asked.id)} shows what {first} has made of the same: a model answers anew"
    )
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(step.id)} is given what {quoted(made.id)} makes"
        + (beside if version.twin else when),
        location=context.document.in_string(use.path, use.start, use.end),
        help=f"hand it what {quoted(asked.id)} shows, or ask again about what is new",
        related=(
            Related("the first version is approved here", context.document.locate_key(asked.path)),
            Related("another version is made here", context.document.locate_key(made.path)),
        ),
    )
